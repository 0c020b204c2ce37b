// A whole connector. Acme sends one JSON object per webhook:
//   {"id": "ev_1", "kind": "order.paid", "at": "2026-03-02T09:15:30Z", "order": {"no": 7, …},
//    "by": {"id": 1, "name": "Ada"}}
// Its signature, delivery key and samples are data: see manifest.json.
#include <junctor/connector.hpp>

namespace {

class Acme final : public jn::Connector {
 public:
  // `settings` are the integration's. Throw jn::invalid() naming the key that is wrong.
  Acme(const jn::Call&, jn::Json settings)
      : test_mode_(settings["test"].boolean().value_or(false)) {}

  void handle(const jn::Call& call, const jn::Request& request, jn::Events& events) override {
    const jn::Json body = request.json(call);  // throws if it is not JSON
    jn::Event event;
    event.type = body["kind"].text();
    if (event.type.empty()) throw jn::invalid("the body has no kind");
    event.id = body["id"].text();
    event.resource_type = "order";
    event.resource_id = body["order"]["no"].text();
    event.occurred_ms = call.time(body["at"].text());
    event.actor = call.object([&](jn::Writer& out) {
      out.put("id", body["by"]["id"].text()).put("name", body["by"]["name"]);
    });
    event.metadata = call.object([&](jn::Writer& out) {
      if (test_mode_) out.put("test", true);
    });
    events.emit(event);
  }

 private:
  bool test_mode_;
};

}  // namespace

JUNCTOR_CONNECTOR(Acme)
