// A whole connector. Acme sends one JSON object per webhook:
//   {"id": "ev_1", "kind": "order.paid", "at": "2026-03-02T09:15:30Z", "order": {"no": 7, …},
//    "by": {"id": 1, "name": "Ada"}}
// Its signature, delivery key, event types and samples are data: see manifest.json. The code turns
// one request into events; it never sees a secret, reads no clock and keeps no state.
#include <junctor/connector.hpp>

namespace {

class AcmeConnector final : public jnc::Connector {
 public:
  // `settings` are the integration's. Throw jnc::invalid() naming the key that is wrong.
  AcmeConnector(const jnc::Call&, jnc::Json settings) {
    if (!settings.isObject()) throw jnc::invalid("settings: must be an object");
    const jnc::Json test = settings["test"];
    if (test.present() && !test.boolean()) {
      throw jnc::invalid("settings.test: must be true or false");
    }
    test_mode_ = test.boolean().value_or(false);
  }

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const jnc::Json body = request.json(call);  // throws if it is not JSON
    jnc::Event event;
    event.type = body["kind"].text();
    if (event.type.empty()) throw jnc::invalid("the body has no kind");
    event.id = body["id"].text();
    event.resource_id = body["order"]["no"].text();
    if (!event.resource_id.empty()) event.resource_type = "order";
    event.occurred_ms = call.time(body["at"].text());
    event.actor = call.object([&](jnc::Writer& out) {
      out.put("id", body["by"]["id"].text()).put("name", body["by"]["name"].text());
    });
    if (test_mode_) event.metadata = R"({"test":true})";
    events.emit(event);
  }

 private:
  bool test_mode_ = false;
};

}  // namespace

JUNCTOR_CONNECTOR(AcmeConnector)
