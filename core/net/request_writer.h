#pragma once
// The head of an outbound request as bytes.
#include <string>

#include "net/http_client.h"
#include "net/url.h"

namespace junctor::net {

// InvalidArgument if method or headers cannot be sent as they are: they would break the framing,
// or the framing is the client's own business.
Result<void> checkRequestHead(const OutboundRequest& request);

// Request line to empty line. Nothing is added but Host and, for a body, its length.
void writeRequestHead(const OutboundRequest& request, const Url& url, std::string& out);

}  // namespace junctor::net
