#pragma once
// What keeps curl from reaching a server, in fixed sentences: curl's own name addresses and ports,
// which are nobody's business.
#include <curl/curl.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace junctor::net {

// `denied`: why the guard refused the address, empty if it did not. None: another kind of failure.
std::optional<Error> reachError(CURLcode code, const std::string& denied);

}  // namespace junctor::net
