// Redis streams: all of it is in the manifest; the host speaks the protocol.
#include <junctor/declared.hpp>

namespace {

class RedisStreams final : public jnc::DeclaredActions {
 public:
  RedisStreams(const jnc::Call& call, const jnc::Json& settings)
      : DeclaredActions(call, settings) {}
};

}  // namespace

JUNCTOR_CONNECTOR(RedisStreams)
