#include "crypto/require.h"

#include <cstdlib>

#include "base/log.h"

namespace junctor::crypto {

void require(bool ok, const char* what) {
  if (ok) return;
  log::error("crypto", {}, "OpenSSL failed: {}", what);
  std::abort();
}

}  // namespace junctor::crypto
