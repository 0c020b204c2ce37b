#include "plugin/gate_rules.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/limits.h"
#include "trust/capabilities.h"

namespace junctor::plugin {
namespace {

constexpr std::string_view kMark = "://";

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// RFC 9110 token.
bool isToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return alphanumeric(c) || kMarks.find(c) != std::string_view::npos;
  });
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// The host's own: framing, routing, and everything that carries a credential.
bool isReserved(std::string_view name) {
  constexpr std::array<std::string_view, 13> kReserved = {"host",
                                                          "content-length",
                                                          "connection",
                                                          "transfer-encoding",
                                                          "keep-alive",
                                                          "upgrade",
                                                          "proxy-authorization",
                                                          "proxy-connection",
                                                          "authorization",
                                                          "cookie",
                                                          "te",
                                                          "trailer",
                                                          "idempotency-key"};
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

Result<void> checkHeaders(const Headers& headers) {
  if (headers.size() > limits::kHeaderFieldsMax) return invalidArgument("too many headers");
  size_t bytes = 0;
  for (const auto& [name, value] : headers) {
    bytes += name.size() + value.size();
    if (bytes > limits::kHeaderBytesMax) return invalidArgument("the headers are too long");
    if (!isToken(name)) return invalidArgument("a header's name is no token");
    if (isReserved(lowered(name))) return invalidArgument("the header " + name + " is the host's");
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return invalidArgument("the header " + name + " holds a line break");
    }
  }
  return {};
}

bool metricName(std::string_view name) {
  return !name.empty() && name.size() <= limits::kConnectorMetricNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

}  // namespace

bool cleanText(std::string_view text) {
  return validUtf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

std::optional<std::string_view> protocolOfUrl(std::string_view url) {
  const size_t mark = url.find(kMark);
  if (mark == url.npos) return std::nullopt;
  const std::string_view scheme = url.substr(0, mark);
  if (scheme == "https") return "";
  for (const trust::Protocol& protocol : trust::kProtocols) {
    if (protocol.scheme == scheme) return protocol.name;
  }
  return std::nullopt;
}

Result<std::string> hostOfUrl(std::string_view url) {
  if (url.size() > limits::kUriBytesMax) return invalidArgument("the URL is too long");
  if (!protocolOfUrl(url)) return invalidArgument("the URL must begin with https://");
  for (const char c : url) {
    if (c <= 0x20 || c == 0x7f || c == '\\' || c == '#') {
      return invalidArgument("the URL holds a character that URLs do not");
    }
  }
  url.remove_prefix(url.find(kMark) + kMark.size());
  const auto host_end = std::find_if(
      url.begin(), url.end(), [](char c) { return !alphanumeric(c) && c != '-' && c != '.'; });
  const std::string host = lowered({url.begin(), host_end});
  std::string_view rest(host_end, url.end());
  if (rest.starts_with(':')) {
    rest.remove_prefix(1);
    const size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (digits == 0 || digits > 5) return invalidArgument("the URL's port is no number");
    rest.remove_prefix(digits);
  }
  if (host.empty() || (!rest.empty() && rest[0] != '/' && rest[0] != '?')) {
    return invalidArgument("the URL's host is not a plain name");
  }
  return host;
}

Result<void> checkRequest(const HttpSend& request) {
  constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                        "PATCH", "DELETE", "OPTIONS"};
  if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end()) {
    return invalidArgument("the method is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  }
  if (request.body.size() > limits::kConnectorBodyBytesMax) {
    return makeError(ErrorCode::ResourceExhausted, "the request's body is too large");
  }
  if (request.idempotency_key.size() > limits::kConnectorKvKeyBytesMax ||
      !cleanText(request.idempotency_key)) {
    return invalidArgument("the idempotency key is too long or not clean text");
  }
  return checkHeaders(request.headers);
}

Result<void> checkReplyHeaders(const Headers& headers) {
  JUNCTOR_CHECK(checkHeaders(headers));
  if (findHeader(headers, "Set-Cookie"))
    return invalidArgument("the header Set-Cookie is the host's");
  return {};
}

bool isSafe(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

Result<void> checkMetric(const std::string& name, const MetricsPort::Labels& labels) {
  if (!metricName(name))
    return invalidArgument("a metric's name is empty, too long or not a-z_0-9");
  if (labels.size() > limits::kConnectorLabelsMax) return invalidArgument("too many labels");
  for (const auto& [label, value] : labels) {
    const bool good = metricName(label) && value.size() <= limits::kConnectorLabelBytesMax &&
                      cleanText(value) && label != "connector";
    if (!good) return invalidArgument("a label's name or value is not what it may be");
  }
  return {};
}

}  // namespace junctor::plugin
