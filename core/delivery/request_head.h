#pragma once
// The recorded form of an attempt's heads: readable, capped, without secrets.
#include <string>
#include <string_view>
#include <vector>

#include "net/http_client.h"

namespace junctor::delivery {

// "POST https://…\nname: value\n…": values of authorization-like headers are masked.
std::string requestHead(const net::OutboundRequest& request);
// "HTTP 200\nname: value\n…\n\n" and the start of the body; some receivers repeat what they were
// sent: `secrets` in it are masked.
std::string responseHead(const net::OutboundResponse& response,
                         const std::vector<std::string_view>& secrets);

}  // namespace junctor::delivery
