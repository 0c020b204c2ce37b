// Standard Webhooks 1.0.0: {"type": "invoice.paid", "timestamp": "…", "data": {…}} with the id of
// the message in a header. OpenAI's and Svix's bodies have this form too.
#include <junctor/connector.hpp>

namespace {

using jnc::Json;
using jnc::Text;

int64_t seconds(Text digits) {
  int64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9' || value > 1'000'000'000'000) return 0;
    value = value * 10 + (c - '0');
  }
  return value * 1000;
}

// The event's own time; the header has the time of the attempt.
int64_t occurredAt(const jnc::Call& call, const Json& body, Text attempt) {
  for (const Text name : {"timestamp", "created_at"}) {
    const Json value = body[name];
    if (const auto unix_s = value.integer()) return *unix_s * 1000;
    if (const int64_t ms = call.time(value.text())) return ms;
  }
  return seconds(attempt);
}

class StandardWebhooks final : public jnc::Connector {
 public:
  StandardWebhooks(const jnc::Call&, const Json&) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    if (!body.isObject()) throw jnc::invalid("the body is not a JSON object");
    jnc::Event event;
    event.type = body["type"].text();
    if (event.type.empty()) event.type = "webhook.received";  // the spec advises a type, no more
    event.id = request.header("webhook-id");
    event.occurred_ms = occurredAt(call, body, request.header("webhook-timestamp"));
    event.resource_id = body["data"]["id"].text();
    if (!event.resource_id.empty()) {
      const Text object = body["data"]["object"].text();
      event.resource_type = object.empty() ? event.type.substr(0, event.type.rfind('.')) : object;
    }
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(StandardWebhooks)
