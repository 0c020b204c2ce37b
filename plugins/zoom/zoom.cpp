// Zoom: the event's name stands in the body, and what it is about in payload.object.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

Text message(const jnc::Call& call, const Json& object, const Json& payload) {
  return call.object([&](jnc::Writer& out) {
    const Json id = object["message_id"].present() ? object["message_id"] : object["id"];
    out.put("id", id.text()).put("text", object["message"]);
    out.put("channel", object["channel_id"]).put("thread", object["reply_main_message_id"]);
    if (!payload["operator_id"].text().empty()) {
      out.key("author").object().put("id", payload["operator_id"]);
      out.put("email", payload["operator"]).close();
    }
    out.put("created_at", object["date_time"]);
  });
}

class Zoom final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Zoom(const jnc::Call& call, const Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call), payload = body["payload"], object = payload["object"];
    jnc::Event event;
    event.type = body["event"].text();
    if (event.type.empty()) throw jnc::invalid("the body has no event");
    const Text id = object["id"].text(), uuid = object["uuid"].text();
    const Text participant = object["participant"]["user_id"].text();
    // Zoom names no id for the event; a retry repeats all of these.
    event.id = call.join({event.type, ":", uuid.empty() ? id : uuid, ":", participant, ":",
                          body["event_ts"].text()});
    if (!id.empty()) {
      event.resource_type = event.type.substr(0, event.type.find('.'));
      event.resource_id = id;
    }
    event.occurred_ms = body["event_ts"].integer().value_or(0);
    const Json who = object["participant"];
    event.actor = call.object([&](jnc::Writer& out) {
      out.put("id", payload["operator_id"].present() ? payload["operator_id"] : who["id"]);
      out.put("name", who["user_name"]);
      out.put("email", payload["operator"].present() ? payload["operator"] : who["email"]);
    });
    if (object["message"].isString()) event.data = message(call, object, payload);
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("account", payload["account_id"]).put("uuid", uuid);
      out.put("host", object["host_id"]);
    });
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Zoom)
