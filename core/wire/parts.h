#pragma once
// A request taken apart, and answers put together. Private to the room.
#include <atomic>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/json_value.h"
#include "base/result.h"
#include "net/http_client.h"
#include "net/line_socket.h"

namespace junctor::wire {

struct Parts {
  std::string scheme, host, path;  // path without its first slash, decoded
  uint16_t port = 0;
  std::map<std::string, std::string> query;
  std::string user, password, token;  // of the header Authorization
  Headers headers;                    // all others
  std::string body;
  net::LineLimits limits;
  const Clock* clock = nullptr;
};

net::OutboundResponse answer(int status, const Json& body);
// {"code", "message"}; the message is what the server said.
net::OutboundResponse refusal(int status, std::string code, std::string message);

Result<net::OutboundResponse> natsExchange(const Parts& parts);
Result<net::OutboundResponse> redisExchange(const Parts& parts);
Result<net::OutboundResponse> postgresExchange(const Parts& parts);
Result<net::OutboundResponse> mailExchange(const Parts& parts);

}  // namespace junctor::wire
