#pragma once

namespace junctor::store {

// What an engine's writer writes through; the engine knows which one it is.
class WriteConnection {
 protected:
  ~WriteConnection() = default;
};

}  // namespace junctor::store
