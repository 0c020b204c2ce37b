// Shopify: topic, ids and time stand in headers, of two families of names; the body is the
// resource.
#include <junctor/declared_hooks.hpp>

namespace {

using jnc::Json;
using jnc::Text;

Text headerOf(const jnc::Call& call, const jnc::Request& request, Text name) {
  const Text old = request.header(call.join({"X-Shopify-", name}));
  return old.empty() ? request.header(call.join({"shopify-", name})) : old;
}

// "orders/create" -> "order"
Text resourceOf(Text topic) {
  Text name = topic.substr(0, topic.find('/'));
  if (name.size() > 1 && name.back() == 's') name.remove_suffix(1);
  return name;
}

Text typeOf(const jnc::Call& call, Text topic) {
  const size_t mark = topic.find('/');
  if (mark == Text::npos) return topic;
  return call.join({topic.substr(0, mark), ".", topic.substr(mark + 1)});
}

Text nameOf(const jnc::Call& call, const Json& person) {
  const Text first = person["first_name"].text(), last = person["last_name"].text();
  return call.join({first, first.empty() || last.empty() ? "" : " ", last});
}

Text contact(const jnc::Call& call, const Json& customer) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", customer["id"].text()).put("email", customer["email"]);
    out.put("name", nameOf(call, customer)).put("phone", customer["phone"]);
    out.put("created_at", customer["created_at"]).put("updated_at", customer["updated_at"]);
  });
}

Text deal(const jnc::Call& call, const Json& order) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", order["id"].text()).put("name", order["name"]);
    out.put("amount", order["total_price"].text()).put("currency", order["currency"]);
    out.put("status", order["financial_status"]);
    out.put("created_at", order["created_at"]).put("updated_at", order["updated_at"]);
  });
}

class Shopify final : public jnc::Connector, public jnc::DeclaredApi, public jnc::DeclaredHooks {
 public:
  Shopify(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), DeclaredHooks(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Text topic = headerOf(call, request, "Topic");
    if (topic.empty()) throw jnc::invalid("the header X-Shopify-Topic is missing");
    const Json body = request.json(call);
    if (!body.isObject()) throw jnc::invalid("the body is not a JSON object");
    jnc::Event event;
    event.type = typeOf(call, topic);
    event.id = headerOf(call, request, "Webhook-Id");
    event.resource_id = body["id"].text();
    const Text resource = resourceOf(topic);
    if (!event.resource_id.empty()) event.resource_type = resource;
    event.occurred_ms = call.time(headerOf(call, request, "Triggered-At"));
    if (resource == "customer" && !event.resource_id.empty()) event.data = contact(call, body);
    if (resource == "order") event.data = deal(call, body);
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("shop", headerOf(call, request, "Shop-Domain"));
      out.put("event", headerOf(call, request, "Event-Id"));
      out.put("api_version", headerOf(call, request, "API-Version"));
    });
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Shopify)
