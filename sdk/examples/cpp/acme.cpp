// A whole connector. Acme sends one JSON object per webhook:
//   {"id": "ev_1", "kind": "order.paid", "at": "2026-03-02T09:15:30Z", "order": {"no": 7, …},
//    "by": {"id": 1, "name": "Ada"}}
// Its signature, delivery key, event types and samples are data: see manifest.json. The code turns
// one request into events, and one action into a request; it never sees a secret, reads no clock
// and keeps no state.
#include <junctor/connector.hpp>

namespace {

constexpr jnc::Text kNotes = "https://api.example.com/v1/notes";

class AcmeConnector final : public jnc::Connector, public jnc::Actions {
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

  // The host asks for the actions that manifest.json declares. Sent are the order and the text; the
  // host adds the credential "api", and Idempotency-Key.
  void execute(const jnc::Call& call, const jnc::Action& action, jnc::ActionSink& out) override {
    if (action.name != "add_note") throw jnc::invalid("there is no such action");
    const jnc::Text order = action.params["order"].text(), text = action.params["text"].text();
    if (order.empty() || text.empty()) throw jnc::invalid("order and text are required");
    const auto note = [&](jnc::Writer& writer) { writer.put("order", order).put("text", text); };
    jnc::ActionResult result;
    if (call.dryRun()) {
      result.data = call.object([&](jnc::Writer& writer) {
        writer.put("method", "POST").put("url", kNotes).key("json").object();
        note(writer);
        writer.close();
      });
      return out.result(result);
    }
    jnc::HttpRequest request;
    request.method = "POST";
    request.url = kNotes;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = call.object(note);
    request.credential = "api";
    request.idempotency_key = action.idempotency_key;
    const jnc::HttpAnswer answer = call.http(request).orThrow("add_note");
    result.external_id = answer.json()["id"].text();
    result.data = answer.body();
    out.result(result);
  }

 private:
  bool test_mode_ = false;
};

}  // namespace

JUNCTOR_CONNECTOR(AcmeConnector)
