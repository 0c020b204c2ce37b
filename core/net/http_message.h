#pragma once
// HTTP values shared by server and client.
#include <string>
#include <string_view>

#include "model/event.h"

namespace junctor::net {

struct HttpRequest {
  std::string method;
  std::string target;      // origin-form as received: "/v1/x?y=z"
  std::string path;        // up to '?', not decoded
  std::string query;       // after '?', not decoded
  std::string host;        // Host header
  Headers headers;         // in order, raw values
  std::string body;        // chunked framing removed
  std::string remote_ip;
  bool tls = false;
};

struct HttpResponse {
  int status = 200;
  Headers headers;         // Content-Length, Date, Connection are the server's business
  std::string body;
};

std::string_view reasonPhrase(int status);

// RFC 9457 problem+json. `type` is a slug: "bad-signature" -> "https://junctor.dev/problems/…".
HttpResponse problem(int status, std::string_view slug, std::string_view detail);
HttpResponse jsonResponse(int status, std::string json);

}  // namespace junctor::net
