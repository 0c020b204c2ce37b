// Discord: webhook events of an app. Interactions are another thing, with another answer.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

// "LOBBY_MESSAGE_DELETE" -> "lobby_message.delete"
Text typeOf(const jnc::Call& call, Text name) {
  char* out = call.allocate(name.size());
  const size_t last = name.rfind('_');
  for (size_t i = 0; i < name.size(); ++i) {
    const bool upper = name[i] >= 'A' && name[i] <= 'Z';
    out[i] = i == last ? '.' : upper ? static_cast<char>(name[i] + 32) : name[i];
  }
  return {out, name.size()};
}

// "2024-10-18T18:41:21.109604" is in UTC, though it does not say so.
int64_t timeOf(const jnc::Call& call, Text text) {
  const int64_t ms = call.time(text);
  return ms != 0 || text.empty() ? ms : call.time(call.join({text, "Z"}));
}

Text message(const jnc::Call& call, const Json& data) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", data["id"]).put("text", data["content"]);
    out.put("channel", data["channel_id"].present() ? data["channel_id"] : data["lobby_id"]);
    const Json author = data["author"];
    if (!author["id"].text().empty()) {
      out.key("author").object().put("id", author["id"]).put("name", author["username"]).close();
    }
    out.put("created_at", data["timestamp"]);
  });
}

class Discord final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Discord(const jnc::Call& call, const Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call), told = body["event"], data = told["data"];
    const Text name = told["type"].text(), time = told["timestamp"].text();
    if (name.empty()) throw jnc::invalid("the body has no event.type");
    jnc::Event event;
    event.type = typeOf(call, name);
    const Text id = data["id"].present() ? data["id"].text() : data["user"]["id"].text();
    // Discord names no id for the event, and repeats it for up to ten minutes.
    event.id = call.join({name, ":", id, ":", time});
    if (!id.empty()) {
      event.resource_type = event.type.substr(0, event.type.find('.'));
      event.resource_id = id;
    }
    event.occurred_ms = timeOf(call, time);
    const Json user = data["author"].isObject() ? data["author"] : data["user"];
    event.actor = call.object([&](jnc::Writer& out) {
      out.put("id", user["id"].present() ? user["id"] : data["user_id"]);
      out.put("name", user["username"]);
    });
    if (data["content"].isString()) event.data = message(call, data);
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("application", body["application_id"]);
      out.put("guild", data["guild"]["id"].present() ? data["guild"]["id"] : data["guild_id"]);
    });
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Discord)
