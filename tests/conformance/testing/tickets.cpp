// One action over HTTP: creates a ticket.
#include <cmath>  // has a function jn: the SDK must not mind
#include <junctor/connector.hpp>

namespace {

class Tickets final : public jnc::Connector, public jnc::Actions {
 public:
  Tickets(const jnc::Call&, jnc::Json) {}

  void handle(const jnc::Call&, const jnc::Request& request, jnc::Events& events) override {
    jnc::Event event;
    event.type = request.body();
    events.emit(event);
  }

  void execute(const jnc::Call& call, const jnc::Action& action, jnc::ActionSink& out) override {
    if (action.name != "create") throw jnc::invalid("unknown action");
    jnc::Writer body(call.raw());
    body.object().put("subject", action.params["subject"]).close();
    jnc::HttpRequest request;
    request.method = "POST";
    request.url = "https://api.example.com/tickets";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body.end();
    request.credential = "api";
    request.idempotency_key = action.idempotency_key;
    const jnc::HttpAnswer answer = call.http(request);
    answer.orThrow("creating a ticket");
    const jnc::Json ticket = answer.json();
    out.result({ticket.dump(), ticket["id"].text(), {}});
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Tickets)
