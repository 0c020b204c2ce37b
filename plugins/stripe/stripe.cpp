// Stripe events: snapshot events (API v1) hold the object, thin events (API v2) only name it.
#include <junctor/declared_hooks.hpp>

namespace {

using jnc::Json;
using jnc::Text;

Text contact(const jnc::Call& call, const Json& customer) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", customer["id"]).put("email", customer["email"]).put("name", customer["name"]);
    out.put("phone", customer["phone"]).put("description", customer["description"]);
  });
}

// The API request that caused the event, if a request did.
Text actor(const jnc::Call& call, const Json& request) {
  const Text id = request.isObject() ? request["id"].text() : request.text();
  if (id.empty()) return {};
  return call.object([&](jnc::Writer& out) {
    out.put("id", id).put("type", "request").put("idempotency_key", request["idempotency_key"]);
  });
}

class Stripe final : public jnc::Connector, public jnc::DeclaredApi, public jnc::DeclaredHooks {
 public:
  Stripe(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), DeclaredHooks(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    if (!body.isObject()) throw jnc::invalid("the body is not a JSON object");
    jnc::Event event;
    event.type = body["type"].text();
    if (event.type.empty()) throw jnc::invalid("the event has no type");
    event.id = body["id"].text();
    if (body["object"].text() == "v2.core.event") {
      thin(call, body, event);
    } else {
      snapshot(call, body, event);
    }
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("account", body["account"]).put("api_version", body["api_version"]);
      out.put("context", body["context"]).put("livemode", body["livemode"]);
    });
    events.emit(event);
  }

 private:
  static void snapshot(const jnc::Call& call, const Json& body, jnc::Event& event) {
    const Json object = body["data"]["object"];
    event.resource_type = object["object"].text();
    event.resource_id = object["id"].text();
    event.occurred_ms = body["created"].integer().value_or(0) * 1000;
    event.actor = actor(call, body["request"]);
    if (event.resource_type == "customer") event.data = contact(call, object);
  }

  static void thin(const jnc::Call& call, const Json& body, jnc::Event& event) {
    const Json related = body["related_object"];
    event.resource_type = related["type"].text();
    event.resource_id = related["id"].text();
    event.occurred_ms = call.time(body["created"].text());
    event.actor = actor(call, body["reason"]["request"]);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Stripe)
