// Freshdesk: automation rules post a body that their author writes; this is the usual one, where
// all is in `freshdesk_webhook` and every value is a text.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

// "{ticket_action:created}" -> ticket.created, "{status:{from:4,to:6}}" -> ticket.status_changed,
// "{note_type:private}" -> ticket.note_type_private.
Text typeOf(const jnc::Call& call, Text trigger) {
  if (!trigger.empty() && trigger.front() == '{') trigger.remove_prefix(1);
  const size_t colon = trigger.find(':');
  if (colon == Text::npos || colon == 0) return "ticket.notified";
  const Text name = trigger.substr(0, colon);
  const Text rest = trigger.substr(colon + 1);
  if (rest.substr(0, 1) == "{") return call.join({"ticket.", name, "_changed"});
  const Text value = rest.substr(0, rest.find('}'));
  if (name == "ticket_action") return call.join({"ticket.", value});
  return call.join({"ticket.", name, "_", value});
}

Text ticket(const jnc::Call& call, const Json& hook) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", hook["ticket_id"].text()).put("subject", hook["ticket_subject"]);
    out.put("description", hook["ticket_description"]).put("status", hook["ticket_status"]);
    out.put("priority", hook["ticket_priority"]).put("url", hook["ticket_url"]);
    if (!hook["requester_email"].text().empty() || !hook["requester_name"].text().empty()) {
      out.key("requester").object();
      out.put("name", hook["requester_name"]).put("email", hook["requester_email"]).close();
    }
  });
}

class Freshdesk final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Freshdesk(const jnc::Call& call, const Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    if (!body.isObject()) throw jnc::invalid("the body is not a JSON object");
    const Json wrapped = body["freshdesk_webhook"];
    const Json hook = wrapped.isObject() ? wrapped : body;
    jnc::Event event;
    event.type = typeOf(call, hook["triggered_event"].text());
    event.resource_id = hook["ticket_id"].text();
    if (!event.resource_id.empty()) event.resource_type = "ticket";
    // A rule fires again for an equal change: only a time tells it from a redelivery.
    const Text updated = hook["ticket_updated_at"].text();
    if (!updated.empty()) event.id = call.sha256Hex(request.body());
    event.occurred_ms = call.time(updated);
    event.data = ticket(call, hook);
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Freshdesk)
