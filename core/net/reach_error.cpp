#include "net/reach_error.h"

namespace junctor::net {

std::optional<Error> reachError(CURLcode code, const std::string& denied) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      if (denied.empty()) return unavailable("no connection");
      return makeError(ErrorCode::PermissionDenied, "the address is refused: " + denied);
    case CURLE_COULDNT_RESOLVE_HOST:
      return unavailable("the host name does not resolve");
    case CURLE_PEER_FAILED_VERIFICATION:
      return unavailable("TLS: the certificate is not valid");
    default:
      return std::nullopt;
  }
}

}  // namespace junctor::net
