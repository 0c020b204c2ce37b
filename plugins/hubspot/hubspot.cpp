// HubSpot: up to 100 events in one request. An eventId is not unique; with subscription, object and
// time it is.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

void put(jnc::Writer& out, const Json& item, std::initializer_list<Text> names) {
  for (const Text name : names) out.put(name, item[name]);
}

jnc::Event eventOf(const jnc::Call& call, const Json& item) {
  jnc::Event event;
  event.type = item["subscriptionType"].text();
  if (event.type.empty()) throw jnc::invalid("an event has no subscriptionType");
  event.id = call.join({item["portalId"].text(), ":", item["subscriptionId"].text(), ":",
                        item["eventId"].text(), ":", item["objectId"].text(), ":",
                        item["occurredAt"].text()});
  event.resource_id = item["objectId"].text();
  if (!event.resource_id.empty()) event.resource_type = event.type.substr(0, event.type.find('.'));
  event.occurred_ms = item["occurredAt"].integer().value_or(0);
  event.payload = item.dump();
  event.actor = call.object([&](jnc::Writer& out) {
    out.put("id", item["sourceId"].text()).put("type", item["changeSource"]);
  });
  event.metadata = call.object([&](jnc::Writer& out) {
    put(out, item, {"portalId", "appId", "subscriptionId", "propertyName", "changeFlag"});
  });
  return event;
}

class Hubspot final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Hubspot(const jnc::Call& call, const Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    if (!body.isArray()) throw jnc::invalid("the body is not a list of events");
    for (const auto& item : body) {
      if (!item.value.isObject()) throw jnc::invalid("an event is no object");
      events.emit(eventOf(call, item.value));
    }
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Hubspot)
