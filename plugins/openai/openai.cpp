// OpenAI: thin events that name an object ("response.completed", data.id); and the API of whatever
// speaks it.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

class Openai final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Openai(const jnc::Call& call, const Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    jnc::Event event;
    event.type = body["type"].text();
    if (event.type.empty()) throw jnc::invalid("the event has no type");
    const Text id = request.header("webhook-id");
    event.id = id.empty() ? body["id"].text() : id;
    event.resource_id = body["data"]["id"].text();
    if (!event.resource_id.empty())
      event.resource_type = event.type.substr(0, event.type.rfind('.'));
    event.occurred_ms = body["created_at"].integer().value_or(0) * 1000;
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Openai)
