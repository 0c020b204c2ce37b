#pragma once
// What a connector's requests, keys and metrics must look like. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "plugin/ports.h"

namespace junctor::plugin {

// UTF-8 without control characters.
bool cleanText(std::string_view text);

// "" of an https:// URL, else the protocol that the host speaks by that scheme, or nothing.
std::optional<std::string_view> protocolOfUrl(std::string_view url);

// The host of a URL of https:// or such a protocol, read so strictly that no other reader can see
// another host: letters, digits, '-' and '.' up to a port, a path, a query or the end.
// InvalidArgument for all else.
Result<std::string> hostOfUrl(std::string_view url);

// Method, URL, headers, body. InvalidArgument, or ResourceExhausted for the body's size.
Result<void> checkRequest(const HttpSend& request);
// Headers of an answer to a webhook's sender: those of a request, and no cookies.
Result<void> checkReplyHeaders(const Headers& headers);
// GET, HEAD, OPTIONS: nothing changes at the provider.
bool isSafe(std::string_view method);

Result<void> checkMetric(const std::string& name, const MetricsPort::Labels& labels);

}  // namespace junctor::plugin
