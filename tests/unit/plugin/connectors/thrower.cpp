// A connector that throws, with the SDK between it and the host.
#include <junctor/connector.hpp>
#include <stdexcept>

namespace {

class Thrower final : public jnc::Connector {
 public:
  Thrower(const jnc::Call&, jnc::Json settings) {
    if (settings["no"].present()) throw jnc::invalid("settings.no: is not welcome");
  }
  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const jnc::Text what = request.body();
    if (what == "failure") throw jnc::Failure(JN_E_UNAVAILABLE, "try later");
    if (what == "std") throw std::runtime_error("a standard exception");
    if (what == "int") throw 42;
    if (what == "bad-writer") {
      jnc::Writer writer(call.raw());
      writer.object().value("a value without a key");
      writer.close().end();
    }
    jnc::Event event;
    event.type = what;
    if (what == "bad-json") event.data = "{";
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Thrower)
