// A connector that throws, with the SDK between it and the host.
#include <junctor/connector.hpp>
#include <stdexcept>

namespace {

class Thrower final : public jn::Connector {
 public:
  Thrower(const jn::Call&, jn::Json settings) {
    if (settings["no"].present()) throw jn::invalid("settings.no: is not welcome");
  }
  void handle(const jn::Call& call, const jn::Request& request, jn::Events& events) override {
    const jn::Text what = request.body();
    if (what == "failure") throw jn::Failure(JN_E_UNAVAILABLE, "try later");
    if (what == "std") throw std::runtime_error("a standard exception");
    if (what == "int") throw 42;
    if (what == "bad-writer") {
      jn::Writer writer(call.raw());
      writer.object().value("a value without a key");
      writer.close().end();
    }
    jn::Event event;
    event.type = what;
    if (what == "bad-json") event.data = "{";
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Thrower)
