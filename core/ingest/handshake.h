#pragma once
// Handshakes a manifest declares: a provider asks to have a value sent back before it trusts a URL.
#include <optional>
#include <string_view>

#include "net/http_message.h"
#include "plugin/connector.h"

namespace junctor::ingest {

// GET with the declared query parameter: its value, decoded, as text. Where the manifest names a
// token, the request must carry `token`, else 403; an empty one fits nothing.
std::optional<net::HttpResponse> queryHandshake(const plugin::Handshake& handshake,
                                                std::string_view query, std::string_view token);
// A verified body that announces itself: the value at `echo_json` as text.
std::optional<net::HttpResponse> jsonHandshake(const plugin::Handshake& handshake, JsonView body);

}  // namespace junctor::ingest
