// Intercom: topics about conversations, tickets and contacts; the object stands in data.item.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

// The last of a list of parts: what the topic is about.
Json lastPart(const Json& item) {
  for (const Text name : {"conversation_parts", "ticket_parts"}) {
    const Json parts = item[name][name];
    if (parts.size() > 0) return parts.at(parts.size() - 1);
  }
  return {};
}

Text person(const jnc::Call& call, const Json& author) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", author["id"].text()).put("type", author["type"]).put("name", author["name"]);
    out.put("email", author["email"]);
  });
}

void putPerson(jnc::Writer& out, Text name, const Json& person) {
  if (person["id"].text().empty()) return;
  out.key(name).object().put("id", person["id"].text());
  out.put("name", person["name"]).put("email", person["email"]).close();
}

Text message(const jnc::Call& call, const Json& item, const Json& part) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", part["id"].text()).put("text", part["body"]).put("thread", item["id"].text());
    putPerson(out, "author", part["author"]);
  });
}

Text ticket(const jnc::Call& call, const Json& item) {
  const Json attributes = item["ticket_attributes"];
  return call.object([&](jnc::Writer& out) {
    out.put("id", item["id"].text()).put("number", item["ticket_id"].text());
    out.put("subject", attributes["_default_title_"]);
    out.put("description", attributes["_default_description_"]);
    out.put("status", item["ticket_state"]["category"]);
  });
}

Text contact(const jnc::Call& call, const Json& item) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", item["id"].text()).put("email", item["email"]).put("name", item["name"]);
    out.put("phone", item["phone"]).put("external_id", item["external_id"].text());
  });
}

Text canonical(const jnc::Call& call, const Json& item, const Json& part) {
  const Text type = item["type"].text();
  if (type == "contact" || type == "user" || type == "lead") return contact(call, item);
  if (type == "ticket") return ticket(call, item);
  if (type != "conversation") return {};
  return message(call, item, part.present() ? part : item["conversation_message"]);
}

class Intercom final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Intercom(const jnc::Call& call, const Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    if (!body.isObject()) throw jnc::invalid("the body is not a JSON object");
    jnc::Event event;
    event.type = body["topic"].text();
    if (event.type.empty()) throw jnc::invalid("the body has no topic");
    event.id = body["id"].text();
    const Json item = body["data"]["item"];
    event.resource_id = item["id"].text();
    if (!event.resource_id.empty()) event.resource_type = item["type"].text();
    event.occurred_ms = body["created_at"].integer().value_or(0) * 1000;
    const Json part = lastPart(item);
    event.actor = person(call, part["author"]);
    event.data = canonical(call, item, part);
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("workspace", body["app_id"]).put("attempts", body["delivery_attempts"]);
    });
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Intercom)
