#include "ingest/custom_signature.h"

#include "base/bytes.h"
#include "base/limits.h"

namespace junctor::ingest {

Result<void> checkSignatureHeaders(const plugin::Manifest& manifest, const Headers& headers) {
  for (const std::string& name : manifest.signature_headers) {
    bool seen = false;
    for (const auto& [header, value] : headers) {
      if (!equalsIgnoreCase(header, name)) continue;
      if (seen) return makeError(ErrorCode::Unauthenticated, name + " is there twice");
      seen = true;
      if (value.size() > limits::kSignatureHeaderBytesMax) {
        return makeError(ErrorCode::Unauthenticated, name + " is too long");
      }
    }
  }
  return {};
}

}  // namespace junctor::ingest
