#include "delivery/request_head.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/limits.h"

namespace junctor::delivery {
namespace {

bool secretLike(std::string_view name) {
  constexpr std::array<std::string_view, 6> kWords = {"authorization", "cookie",  "token",
                                                      "secret",        "api-key", "password"};
  const std::string lower = lowerAscii(name);
  for (const std::string_view word : kWords) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

void appendHeaders(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (out.size() + name.size() + value.size() > limits::kRecordedHeadBytesMax) {
      out += "…\n";
      return;
    }
    out += name;
    out += ": ";
    out += secretLike(name) ? "***" : value;
    out += '\n';
  }
}

void mask(std::string& text, std::string_view secret) {
  constexpr size_t kLeast = 6;  // shorter ones are words that answers have anyway
  if (secret.size() < kLeast) return;
  for (size_t at = text.find(secret); at != text.npos; at = text.find(secret, at + 3)) {
    text.replace(at, secret.size(), "***");
  }
}

// Keys and tokens travel in queries and user parts: neither is recorded.
std::string withoutQuery(const std::string& url) {
  return url.substr(0, url.find('?'));
}

}  // namespace

std::string requestHead(const net::OutboundRequest& request) {
  std::string out = request.method + " " + withoutQuery(request.url) + "\n";
  out.reserve(640);
  appendHeaders(out, request.headers);
  return out;
}

std::string responseHead(const net::OutboundResponse& response,
                         const std::vector<std::string_view>& secrets) {
  std::string out = "HTTP " + std::to_string(response.status) + "\n";
  appendHeaders(out, response.headers);
  if (!response.body.empty()) {
    out += '\n';
    size_t longest = 0;
    for (const std::string_view secret : secrets) longest = std::max(longest, secret.size());
    std::string body = response.body.substr(0, limits::kRecordedBodyBytesMax + longest);
    for (const std::string_view secret : secrets) mask(body, secret);
    out += body.substr(0, limits::kRecordedBodyBytesMax);
  }
  for (const std::string_view secret : secrets) mask(out, secret);
  return out;
}

}  // namespace junctor::delivery
