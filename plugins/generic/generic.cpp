// Any signed webhook. The signature and the delivery key are the host's, from the settings; here
// the body's own field names are found by lists of keys, from the settings or by default.
#include <optional>

#include "ticket.h"

namespace {

using generic::KeyList;
using generic::Source;
using generic::Ticket;
using jnc::Json;
using jnc::Text;

constexpr Text kSettings[] = {"signature",   "delivery_key", "event_type", "event_id",
                              "occurred_at", "actor",        "resource"};

void refuseUnknown(const Json& settings) {
  for (const auto& member : settings) {
    bool known = false;
    for (const Text name : kSettings) known = known || name == member.key;
    if (!known) throw jnc::invalid("settings." + std::string(member.key) + ": unknown key");
  }
}

class Generic final : public jnc::Connector {
 public:
  Generic(const jnc::Call&, const Json& settings)
      : type_(settings, "event_type",
              {"event_type", "eventType", "event_name", "event.type", "event.event_type", "event",
               "topic", "webhookEvent", "triggered_event", "trigger", "type"}),
        action_({"action", "event.action", "ticket_action"}),
        id_(settings, "event_id",
            {"event_id", "eventId", "delivery_id", "header:Webhook-Id", "header:X-Webhook-Id",
             "header:X-Event-Id", "header:X-Delivery-Id", "header:Idempotency-Key",
             "header:X-Idempotency-Key"}),
        time_(
            settings, "occurred_at",
            {"occurred_at", "occurredAt", "event_time", "event.occurred_at", "timestamp", "time"}),
        actor_(settings, "actor",
               {"actor", "event.actor", "user", "sender", "author", "performed_by"}),
        resource_(settings, "resource",
                  {"resource.id", "data.object.id", "data.id", "object.id", "subject_id", "id"}) {
    if (!settings.isObject()) throw jnc::invalid("settings: must be an object");
    refuseUnknown(settings);
  }

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    if (request.isForm()) {
      const Text payload = call.formAsJson(call.form(request.body()));
      return one(call, request, call.parse(payload), payload, events);
    }
    const Json body = request.json(call);
    if (body.isObject()) return one(call, request, body, {}, events);
    if (!body.isArray()) throw jnc::invalid("the body is neither a JSON object nor a list of them");
    for (const auto& item : body) {
      if (!item.value.isObject()) throw jnc::invalid("the list holds something that is no object");
      one(call, request, item.value, item.value.dump(), events);
    }
  }

 private:
  void one(const jnc::Call& call, const jnc::Request& request, const Json& root, Text payload,
           jnc::Events& events) const {
    const Json only = root.size() == 1 ? (*root.begin()).value : Json();
    const Source source{request, root, only.isObject() ? only : Json()};
    const std::optional<Ticket> ticket = Ticket::find(source);
    jnc::Event event;
    event.type = typeOf(call, source, ticket);
    event.id = id_.text(source);
    event.payload = payload;
    event.occurred_ms = generic::timeOf(call, time_.value(source));
    event.actor =
        call.object([&](jnc::Writer& out) { generic::putPerson(out, actor_.value(source)); });
    if (ticket) {
      event.data = ticket->canonical(call);
      event.resource_id = ticket->id(call);
      if (event.occurred_ms == 0) event.occurred_ms = ticket->changedMs(call);
    }
    if (event.resource_id.empty() || resource_.configured())
      event.resource_id = resource_.text(source);
    event.resource_type = resourceType(source, event, ticket.has_value());
    events.emit(event);
  }

  Text typeOf(const jnc::Call& call, const Source& source,
              const std::optional<Ticket>& ticket) const {
    const Text name = type_.text(source);
    if (type_.configured()) return name.empty() ? Text("webhook.received") : name;
    const Text action = action_.text(source);
    if (ticket) {
      // The `type` of a body that is the ticket says "question" or "incident".
      const bool own_type = ticket->isRoot() && name == source.root["type"].text();
      const Text said = !action.empty() ? action : own_type ? Text() : name;
      return call.join({"ticket.", generic::verbOf(call, said)});
    }
    if (name.empty()) return action.empty() ? Text("webhook.received") : action;
    const bool whole = action.empty() || name.find_first_of(".:_/") != Text::npos;
    return whole ? name : call.join({name, ".", action});
  }

  static Text resourceType(const Source& source, const jnc::Event& event, bool is_ticket) {
    if (event.resource_id.empty()) return {};
    if (is_ticket) return "ticket";
    const Text said = generic::firstText(source.root, {"resource.type", "data.object.object",
                                                       "data.object", "data.type", "object_type"});
    if (!said.empty()) return said;
    const size_t dot = event.type.find('.');
    return dot == Text::npos ? Text("object") : event.type.substr(0, dot);
  }

  KeyList type_, action_, id_, time_, actor_, resource_;
};

}  // namespace

JUNCTOR_CONNECTOR(Generic)
