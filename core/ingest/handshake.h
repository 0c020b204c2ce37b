#pragma once
// Handshakes a manifest declares: a provider asks to have a value sent back before it trusts a URL.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"
#include "plugin/connector.h"

namespace junctor::ingest {

// The declared query parameter's value, decoded, as text. Where the manifest names a token, the
// request must carry `token`, else 403; an empty one fits nothing.
std::optional<net::HttpResponse> queryHandshake(const plugin::Handshake& handshake,
                                                std::string_view query, std::string_view token);
// A verified body that announces itself: the declared answer, with the value at `echo_json` in it.
// `proof`: the value's MAC under the secret that verified the body.
using Proof = std::function<std::string(std::string_view value)>;
std::optional<net::HttpResponse> jsonHandshake(const plugin::Handshake& handshake, JsonView body,
                                               const Proof& proof = {});

}  // namespace junctor::ingest
