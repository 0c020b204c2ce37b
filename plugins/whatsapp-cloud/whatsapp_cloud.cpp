// WhatsApp Cloud API: one request holds entries, each with changes, each with messages and
// statuses.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

int64_t secondsAsMs(const Json& value) {
  const Text digits = value.text();
  int64_t seconds = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return seconds * 1000;
}

// Where a change belongs: account, and the number of ours that it is about.
struct Place {
  Text account;
  Json value;
  Text field;
};

Text metadata(const jnc::Call& call, const Place& place) {
  return call.object([&](jnc::Writer& out) {
    const Json number = place.value["metadata"];
    out.put("account", place.account).put("field", place.field);
    out.put("phone_number_id", number["phone_number_id"]);
    out.put("phone_number", number["display_phone_number"]);
  });
}

Text nameOf(const Json& value, Text wa_id) {
  for (const auto& contact : value["contacts"]) {
    if (contact.value["wa_id"].text() == wa_id) return contact.value["profile"]["name"].text();
  }
  return {};
}

void emitMessage(const jnc::Call& call, const Place& place, const Json& message,
                 jnc::Events& events) {
  const Text from = message["from"].text(), name = nameOf(place.value, from);
  jnc::Event event;
  event.type = "message.received";
  event.id = event.resource_id = message["id"].text();
  if (!event.id.empty()) event.resource_type = "message";
  event.occurred_ms = secondsAsMs(message["timestamp"]);
  event.actor = call.object([&](jnc::Writer& out) { out.put("id", from).put("name", name); });
  event.data = call.object([&](jnc::Writer& out) {
    out.put("id", event.id).put("text", message["text"]["body"]).put("thread", from);
    out.key("author").object().put("id", from).put("name", name).close();
  });
  event.payload = message.dump();
  event.metadata = metadata(call, place);
  events.emit(event);
}

void emitStatus(const jnc::Call& call, const Place& place, const Json& status,
                jnc::Events& events) {
  jnc::Event event;
  const Text word = status["status"].text();
  event.type = call.join({"message.", word.empty() ? Text("status") : word});
  event.resource_id = status["id"].text();
  if (!event.resource_id.empty()) {
    event.resource_type = "message";
    event.id = call.join({event.resource_id, ":", word});
  }
  event.occurred_ms = secondsAsMs(status["timestamp"]);
  event.payload = status.dump();
  event.metadata = metadata(call, place);
  events.emit(event);
}

void emitOther(const jnc::Call& call, const Place& place, const Json& entry, jnc::Events& events) {
  jnc::Event event;
  event.type = place.field.empty() ? Text("change") : place.field;
  event.occurred_ms = secondsAsMs(entry["time"]);
  event.payload = place.value.dump();
  event.id = call.sha256Hex(call.join(
      {place.account, "\n", place.field, "\n", entry["time"].text(), "\n", event.payload}));
  event.metadata = metadata(call, place);
  events.emit(event);
}

class WhatsappCloud final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  WhatsappCloud(const jnc::Call& call, const Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    if (!body.isObject() || !body["entry"].isArray()) throw jnc::invalid("the body has no entries");
    for (const auto& entry : body["entry"]) {
      for (const auto& change : entry.value["changes"]) {
        changed(call, entry.value, change.value, events);
      }
    }
  }

 private:
  static void changed(const jnc::Call& call, const Json& entry, const Json& change,
                      jnc::Events& events) {
    const Place place{entry["id"].text(), change["value"], change["field"].text()};
    const Json messages = place.value["messages"], statuses = place.value["statuses"];
    for (const auto& message : messages) emitMessage(call, place, message.value, events);
    for (const auto& status : statuses) emitStatus(call, place, status.value, events);
    if (!messages.isArray() && !statuses.isArray()) emitOther(call, place, entry, events);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(WhatsappCloud)
