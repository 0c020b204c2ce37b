#include "net/request_writer.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "net/request_syntax.h"

namespace junctor::net {
namespace {

constexpr std::string_view kOurs[] = {"connection", "content-length",   "expect",
                                      "keep-alive", "proxy-connection", "te",
                                      "trailer",    "upgrade",          "transfer-encoding"};

bool isOurs(std::string_view name) {
  return std::any_of(std::begin(kOurs), std::end(kOurs),
                     [name](std::string_view ours) { return equalsIgnoreCase(ours, name); });
}

void writeHost(const Url& url, std::string& out) {
  const bool v6 = url.host.find(':') != std::string::npos;
  out.append("Host: ").append(v6 ? "[" : "").append(url.host).append(v6 ? "]" : "");
  if (url.port != (url.tls ? 443 : 80)) out.append(":").append(std::to_string(url.port));
  out.append("\r\n");
}

}  // namespace

Result<void> checkRequestHead(const OutboundRequest& request) {
  if (!isToken(request.method)) return invalidArgument("the method is no token");
  for (const auto& [name, value] : request.headers) {
    if (!isToken(name)) return invalidArgument("a header name is no token");
    if (!isFieldValue(value)) {
      return invalidArgument(fmt::format("header {} holds a line break or control byte", name));
    }
    if (isOurs(name))
      return invalidArgument(fmt::format("header {} is the client's business", name));
  }
  return {};
}

void writeRequestHead(const OutboundRequest& request, const Url& url, std::string& out) {
  out.append(request.method).append(url.target.starts_with('/') ? " " : " /").append(url.target);
  out.append(" HTTP/1.1\r\n");
  if (findHeader(request.headers, "Host") == nullptr) writeHost(url, out);
  for (const auto& [name, value] : request.headers) {
    out.append(name).append(": ").append(value).append("\r\n");
  }
  const bool sends_body = request.body != nullptr || request.method == "POST" ||
                          request.method == "PUT" || request.method == "PATCH";
  if (sends_body) {
    const size_t size = request.body != nullptr ? request.body->size() : 0;
    out.append("Content-Length: ").append(std::to_string(size)).append("\r\n");
  }
  out.append("\r\n");
}

}  // namespace junctor::net
