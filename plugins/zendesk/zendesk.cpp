// Zendesk: event subscriptions, and the bodies that triggers are given by their authors.
#include <junctor/declared_hooks.hpp>

namespace {

using jnc::Json;
using jnc::Text;

constexpr Text kTypePrefix = "zen:event-type:";

// "zen:ticket:123" -> "ticket"; messaging tickets are tickets.
Text resourceType(Text subject) {
  constexpr Text kSubject = "zen:";
  if (subject.substr(0, kSubject.size()) != kSubject) return {};
  subject.remove_prefix(kSubject.size());
  return subject.substr(0, subject.find(':'));
}

Text actor(const jnc::Call& call, const Json& body) {
  const Json given = body["event"]["actor"];
  const Json id = given["id"].present() ? given["id"] : body["detail"]["actor_id"];
  return call.object([&](jnc::Writer& out) {
    out.put("id", id.text()).put("name", given["name"]).put("type", given["type"]);
  });
}

void putPerson(jnc::Writer& out, Text name, const Json& id) {
  if (id.text().empty() || id.text() == "0") return;
  out.key(name).object().put("id", id.text()).close();
}

Text ticket(const jnc::Call& call, const Json& detail) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", detail["id"].text()).put("subject", detail["subject"]);
    out.put("description", detail["description"]).put("status", detail["status"]);
    out.put("priority", detail["priority"]).put("tags", detail["tags"]);
    putPerson(out, "requester", detail["requester_id"]);
    putPerson(out, "assignee", detail["assignee_id"]);
    out.put("created_at", detail["created_at"]).put("updated_at", detail["updated_at"]);
  });
}

Text contact(const jnc::Call& call, const Json& detail) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", detail["id"].text()).put("email", detail["email"]).put("name", detail["name"]);
    out.put("external_id", detail["external_id"]);
  });
}

Text message(const jnc::Call& call, const Json& body) {
  const Json event = body["event"];
  const Json part = event["comment"].isObject() ? event["comment"] : event["message"];
  return call.object([&](jnc::Writer& out) {
    out.put("id", part["id"].text()).put("text", part["body"]);
    out.put("thread", body["detail"]["id"].text());
    putPerson(out, "author",
              event["actor"]["id"].present() ? event["actor"]["id"] : part["author"]["id"]);
    out.put("created_at", body["time"]);
  });
}

Text canonical(const jnc::Call& call, const Json& body, Text resource) {
  const Json event = body["event"];
  if (event["comment"].isObject() || event["message"].isObject()) return message(call, body);
  if (resource == "ticket") return ticket(call, body["detail"]);
  if (resource == "user") return contact(call, body["detail"]);
  return {};
}

class Zendesk final : public jnc::Connector, public jnc::DeclaredApi, public jnc::DeclaredHooks {
 public:
  Zendesk(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), DeclaredHooks(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    if (!body.isObject()) throw jnc::invalid("the body is not a JSON object");
    jnc::Event event;
    const Text type = body["type"].text();
    if (type.substr(0, kTypePrefix.size()) == kTypePrefix) {
      event.type = type.substr(kTypePrefix.size());
      event.id = body["id"].text();
    } else {
      event.type = "trigger";
      event.id = request.header("X-Zendesk-Webhook-Invocation-Id");
    }
    event.resource_type = resourceType(body["subject"].text());
    event.resource_id = body["detail"]["id"].text();
    if (event.resource_type.empty() || event.resource_id.empty()) {
      event.resource_type = event.resource_id = {};
    }
    event.occurred_ms = call.time(body["time"].text());
    event.actor = actor(call, body);
    event.data = canonical(call, body, event.resource_type);
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("account", body["account_id"].text());
      out.put("webhook", request.header("X-Zendesk-Webhook-Id"));
    });
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Zendesk)
