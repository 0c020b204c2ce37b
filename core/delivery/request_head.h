#pragma once
// The recorded form of an attempt's heads: readable, capped, without secrets.
#include <string>

#include "net/http_client.h"

namespace junctor::delivery {

// "POST https://…\nname: value\n…": values of authorization-like headers are masked.
std::string requestHead(const net::OutboundRequest& request);
// "HTTP 200\nname: value\n…\n\n" and the start of the body.
std::string responseHead(const net::OutboundResponse& response);

}  // namespace junctor::delivery
