// PagerDuty: V3 webhooks; each body is one event.
#include <junctor/declared_hooks.hpp>

namespace {

using jnc::Json;
using jnc::Text;

void putPerson(jnc::Writer& out, Text name, const Json& person) {
  if (person["id"].text().empty()) return;
  out.key(name).object().put("id", person["id"]).put("name", person["summary"]).close();
}

Text ticket(const jnc::Call& call, const Json& incident, Text occurred) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", incident["id"]).put("subject", incident["title"]);
    out.put("status", incident["status"]);
    out.put("priority", incident["priority"]["summary"].present() ? incident["priority"]["summary"]
                                                                  : incident["urgency"]);
    putPerson(out, "assignee", incident["assignees"].at(size_t{0}));
    out.put("url", incident["html_url"]).put("created_at", incident["created_at"]);
    out.put("updated_at", occurred);
  });
}

Text message(const jnc::Call& call, const Json& note, const Json& agent, Text occurred) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", note["id"]).put("text", note["content"]).put("thread", note["incident"]["id"]);
    putPerson(out, "author", agent);
    out.put("created_at", occurred);
  });
}

class Pagerduty final : public jnc::Connector, public jnc::DeclaredApi, public jnc::DeclaredHooks {
 public:
  Pagerduty(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), DeclaredHooks(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json told = request.json(call)["event"], data = told["data"];
    jnc::Event event;
    event.type = told["event_type"].text();
    if (event.type.empty()) throw jnc::invalid("the body has no event.event_type");
    event.id = told["id"].text();
    // A note, a responder, … belong to an incident.
    const Json incident = data["incident"].isObject() ? data["incident"] : data;
    event.resource_id = incident["id"].text();
    if (!event.resource_id.empty()) event.resource_type = told["resource_type"].text();
    if (event.resource_type.empty()) event.resource_id = {};
    const Text occurred = told["occurred_at"].text();
    event.occurred_ms = call.time(occurred);
    event.actor = call.object([&](jnc::Writer& out) {
      out.put("id", told["agent"]["id"]).put("name", told["agent"]["summary"]);
      out.put("type", told["agent"]["type"]);
    });
    if (data["type"].text() == "incident") event.data = ticket(call, data, occurred);
    if (data["content"].isString()) event.data = message(call, data, told["agent"], occurred);
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("service", incident["service"]["id"]);
      out.put("subscription", request.header("X-Webhook-Subscription"));
    });
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Pagerduty)
