#include "wire/wire.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "wire/parts.h"

namespace junctor::wire {
namespace {

struct Protocol {
  std::string_view scheme, name;
  uint16_t port;
  Result<net::OutboundResponse> (*exchange)(const Parts&);
};
constexpr Protocol kProtocols[] = {
    {"nats", "nats", 4222, natsExchange},     {"redis", "redis", 6379, redisExchange},
    {"rediss", "redis", 6379, redisExchange}, {"postgres", "postgres", 5432, postgresExchange},
    {"smtp", "smtp", 587, mailExchange},      {"smtps", "smtp", 465, mailExchange}};

const Protocol* find(std::string_view url) {
  const std::string_view scheme = url.substr(0, std::min(url.find("://"), url.size()));
  for (const Protocol& protocol : kProtocols) {
    if (protocol.scheme == scheme) return &protocol;
  }
  return nullptr;
}

Result<void> readAuthority(std::string_view text, Parts& parts) {
  const size_t colon = text.find(':');
  parts.host = text.substr(0, colon);
  if (parts.host.empty()) return invalidArgument("the URL names no host");
  if (colon == text.npos) return {};
  const std::string_view digits = text.substr(colon + 1);
  const char* end = digits.data() + digits.size();
  if (std::from_chars(digits.data(), end, parts.port).ptr != end || parts.port == 0) {
    return invalidArgument("the URL's port is no number");
  }
  return {};
}

void readQuery(std::string_view text, Parts& parts) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto value = percentDecode(pair.substr(std::min(equals + 1, pair.size())), true);
    parts.query[std::string(pair.substr(0, equals))] = value.value_or("");
  }
}

Result<void> readUrl(std::string_view url, Parts& parts) {
  const size_t mark = url.find("://");
  parts.scheme = url.substr(0, mark);
  url.remove_prefix(mark + 3);
  if (const size_t query = url.find('?'); query != url.npos) {
    readQuery(url.substr(query + 1), parts);
    url = url.substr(0, query);
  }
  const size_t slash = url.find('/');
  JUNCTOR_CHECK(readAuthority(url.substr(0, slash), parts));
  if (slash == url.npos) return {};
  const auto path = percentDecode(url.substr(slash + 1), false);
  if (!path) return invalidArgument("the URL's path cannot be decoded");
  parts.path = *path;
  return {};
}

void readCredential(const std::string& header, Parts& parts) {
  constexpr std::string_view kBasic = "Basic ", kBearer = "Bearer ";
  if (header.starts_with(kBearer)) parts.token = header.substr(kBearer.size());
  if (!header.starts_with(kBasic)) return;
  const std::string pair = fromBase64(header.substr(kBasic.size())).value_or("");
  const size_t colon = std::min(pair.find(':'), pair.size());
  parts.user = pair.substr(0, colon);
  parts.password = pair.substr(std::min(colon + 1, pair.size()));
}

}  // namespace

net::OutboundResponse answer(int status, const Json& body) {
  net::OutboundResponse out;
  out.status = status;
  out.headers = {{"Content-Type", "application/json"}};
  out.body = dumpJson(body);
  return out;
}

net::OutboundResponse refusal(int status, std::string code, std::string message) {
  return answer(status, {{"code", std::move(code)}, {"message", std::move(message)}});
}

std::string protocolOf(std::string_view url) {
  const Protocol* protocol = find(url);
  return protocol ? std::string(protocol->name) : "";
}

Result<net::OutboundResponse> exchange(const net::OutboundRequest& request,
                                       const std::atomic<bool>* cancelled, const Clock& clock) {
  const Protocol* protocol = find(request.url);
  if (!protocol) return invalidArgument("nobody here speaks the URL's protocol");
  Parts parts;
  parts.port = protocol->port;
  JUNCTOR_CHECK(readUrl(request.url, parts));
  for (const Header& header : request.headers) {
    if (equalsIgnoreCase(header.first, "Authorization")) {
      readCredential(header.second, parts);
    } else {
      parts.headers.push_back(header);
    }
  }
  parts.body = request.body ? *request.body : "";
  parts.limits.deadline_ns = clock.monotonicNs() + request.timeout_ms * 1'000'000;
  parts.limits.cancelled = cancelled;
  parts.limits.bytes_max = request.response_bytes_max;
  parts.limits.allow_private = request.allow_private;
  parts.clock = &clock;
  return protocol->exchange(parts);
}

}  // namespace junctor::wire
