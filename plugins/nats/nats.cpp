// NATS: all of it is in the manifest; the host speaks the protocol.
#include <junctor/declared.hpp>

namespace {

class Nats final : public jnc::DeclaredApi {
 public:
  Nats(const jnc::Call& call, const jnc::Json& settings) : DeclaredApi(call, settings) {}
};

}  // namespace

JUNCTOR_CONNECTOR(Nats)
