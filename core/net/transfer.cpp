#include "net/transfer.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"
#include "net/address.h"
#include "net/connection_pool.h"

namespace junctor::net {
namespace {

constexpr long kIdleSeconds = 55;       // below the minute at which most servers close
constexpr long kLifetimeSeconds = 600;  // a moved name is found again after this long

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

}  // namespace

Transfer::Transfer(ConnectionPool& pool, CURLSH* connections, SocketPoller& poller)
    : pool_(pool), poller_(poller), easy_(curl_easy_init()) {
  setConstantOptions(connections);
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
}

void Transfer::setConstantOptions(CURLSH* connections) {
  set(easy_, CURLOPT_PRIVATE, this);
  set(easy_, CURLOPT_SHARE, connections);
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_QUICK_EXIT, 1L);  // a hanging resolver does not hold the loop
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy_, CURLOPT_PROXY, "");  // not from the environment either
  set(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  set(easy_, CURLOPT_TCP_NODELAY, 1L);
  set(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy_, CURLOPT_MAXAGE_CONN, kIdleSeconds);
  set(easy_, CURLOPT_MAXLIFETIME_CONN, kLifetimeSeconds);
  set(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::openSocket);
  set(easy_, CURLOPT_OPENSOCKETDATA, this);
  set(easy_, CURLOPT_CLOSESOCKETFUNCTION, &Transfer::closeSocket);
  set(easy_, CURLOPT_CLOSESOCKETDATA, &poller_);
  set(easy_, CURLOPT_HEADERFUNCTION, &Transfer::readHeader);
  set(easy_, CURLOPT_HEADERDATA, this);
  set(easy_, CURLOPT_WRITEFUNCTION, &Transfer::readBody);
  set(easy_, CURLOPT_WRITEDATA, this);
}

void Transfer::prepare(PendingRequest&& pending, int64_t now_ns) {
  pending_ = std::move(pending);
  const OutboundRequest& request = pending_.request;
  started_ns_ = now_ns;
  response_ = {};
  header_bytes_ = 0;
  head_complete_ = false;
  over_cap_ = false;
  broken_ = false;
  denied_reason_.clear();
  if (url_ != request.url) {
    url_ = request.url;
    set(easy_, CURLOPT_URL, url_.c_str());
  }
  if (ca_file_ != request.ca_file) {
    ca_file_ = request.ca_file;  // beside the system's folder of anchors, which stays in use
    set(easy_, CURLOPT_CAINFO, ca_file_.c_str());
  }
  setMethod(request.method, request.body != nullptr);
  setBody(request.body.get());
  setHeaders(request.headers);
  setDeadlines(now_ns);
}

void Transfer::setMethod(const std::string& method, bool has_body) {
  if (method == method_ && has_body == has_body_) return;
  method_ = method;
  has_body_ = has_body;
  if (has_body || method == "POST") {
    set(easy_, CURLOPT_POST, 1L);
  } else if (method == "HEAD") {
    set(easy_, CURLOPT_NOBODY, 1L);
  } else {
    set(easy_, CURLOPT_HTTPGET, 1L);
  }
  set(easy_, CURLOPT_CUSTOMREQUEST, method_.c_str());
}

void Transfer::setBody(const std::string* body) {
  if (!has_body_ && method_ != "POST") return;
  set(easy_, CURLOPT_POSTFIELDS, body != nullptr ? body->data() : "");
  set(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
      static_cast<curl_off_t>(body != nullptr ? body->size() : 0));
}

void Transfer::setHeaders(const Headers& headers) {
  header_text_.clear();
  // Three of curl's own habits are switched off by an empty value.
  for (const char* off : {"Expect:", "Accept:"}) header_text_.append(off).push_back('\0');
  if (findHeader(headers, "Content-Type") == nullptr) {
    header_text_.append("Content-Type:").push_back('\0');
  }
  for (const Header& header : headers) {
    header_text_.append(header.first);
    if (header.second.empty()) {
      header_text_.push_back(';');  // curl's way to say "empty", where ':' says "none"
    } else {
      header_text_.append(": ").append(header.second);
    }
    header_text_.push_back('\0');
  }
  header_list_.clear();
  for (size_t at = 0; at < header_text_.size(); at = header_text_.find('\0', at) + 1) {
    header_list_.push_back({header_text_.data() + at, nullptr});
  }
  for (size_t i = 0; i + 1 < header_list_.size(); ++i) header_list_[i].next = &header_list_[i + 1];
  set(easy_, CURLOPT_HTTPHEADER, header_list_.data());
}

void Transfer::setDeadlines(int64_t now_ns) {
  const int64_t left_ms = (pending_.deadline_ns - now_ns + 999'999) / 1'000'000;
  set(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<int64_t>(left_ms, 1)));
  const int64_t connect_ms = std::max<int64_t>(pending_.request.connect_timeout_ms, 1);
  if (connect_ms == connect_timeout_ms_) return;
  connect_timeout_ms_ = connect_ms;
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_ms));
}

void Transfer::closeAfterwards(bool close) {
  if (close == close_afterwards_) return;
  close_afterwards_ = close;
  set(easy_, CURLOPT_FORBID_REUSE, close ? 1L : 0L);
}

// The guarded dialer. curl connects to the very address it passes here, so nothing that happens
// in DNS before or after changes the verdict.
curl_socket_t Transfer::openSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  const AddressVerdict verdict =
      classifySocketAddress(address->addr, transfer.pending_.request.allow_private);
  if (!verdict.allowed) {
    transfer.denied_reason_ = verdict.reason;
    return CURL_SOCKET_BAD;
  }
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                          address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  transfer.poller_.opened(fd, transfer.pool_.connections);
  return fd;
}

int Transfer::closeSocket(void* poller, curl_socket_t fd) {
  static_cast<SocketPoller*>(poller)->closed(fd);
  return ::close(fd);
}

size_t Transfer::readHeader(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  return transfer.takeHeaderLine({data, bytes}) ? bytes : 0;
}

bool Transfer::takeHeaderLine(std::string_view line) {
  header_bytes_ += line.size();  // of all heads: a flood of 1xx answers ends here too
  if (header_bytes_ > limits::kResponseHeaderBytesMax) {
    over_cap_ = true;
    return false;
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();
    head_complete_ = false;
  } else if (line.empty()) {
    head_complete_ = true;
  } else if (!head_complete_) {  // what follows the body are trailers: not ours to believe
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    return takeField(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return true;
}

// curl reads until close if it cannot read the length, and so takes a cut answer for a whole one.
bool Transfer::takeField(std::string_view name, std::string_view value) {
  if (equalsIgnoreCase(name, "content-length")) {
    const std::string* const before = findHeader(response_.headers, name);
    broken_ = value.empty() || value.size() > 15 ||
              value.find_first_not_of("0123456789") != std::string_view::npos ||
              (before != nullptr && *before != value);
    if (broken_) return false;
  }
  response_.headers.emplace_back(name, value);
  return true;
}

size_t Transfer::readBody(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  if (transfer.response_.body.size() + bytes > transfer.pending_.request.response_bytes_max) {
    transfer.over_cap_ = true;
    return 0;
  }
  transfer.response_.body.append(data, bytes);
  return bytes;
}

Result<OutboundResponse> Transfer::finish(CURLcode code, int64_t now_ns) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  response_.latency_us = (now_ns - started_ns_) / 1000;
  // curl takes the end of the connection within the head for the end of the head.
  if (code != CURLE_OK || !head_complete_) return errorOf(code);
  return std::move(response_);
}

// Fixed sentences: curl's own name addresses and ports, which are nobody's business.
Error Transfer::errorOf(CURLcode code) const {
  const OutboundRequest& request = pending_.request;
  if (over_cap_) {
    return makeError(ErrorCode::ResourceExhausted,
                     head_complete_ ? fmt::format("the answer is larger than {} bytes",
                                                  request.response_bytes_max)
                                    : "the head of the answer is too large");
  }
  if (broken_) return makeError(ErrorCode::DataLoss, "the answer is broken");
  switch (code) {
    case CURLE_OUT_OF_MEMORY:  // what this curl says to a header line of 100 KB
      return makeError(ErrorCode::ResourceExhausted, "the head of the answer is too large");
    case CURLE_OPERATION_TIMEDOUT:
      return makeError(ErrorCode::DeadlineExceeded, "no complete answer in time");
    case CURLE_COULDNT_CONNECT:
      if (denied_reason_.empty()) return unavailable("no connection");
      return makeError(ErrorCode::PermissionDenied,
                       fmt::format("the address is refused: {}", denied_reason_));
    case CURLE_COULDNT_RESOLVE_HOST:
      return unavailable("the host name does not resolve");
    case CURLE_PEER_FAILED_VERIFICATION:
      return unavailable("TLS: the certificate is not valid");
    case CURLE_SSL_CACERT_BADFILE:
      return unavailable("TLS: ca_file cannot be read");
    case CURLE_SSL_CONNECT_ERROR:
      return unavailable("TLS: no handshake");
    case CURLE_URL_MALFORMAT:
      return invalidArgument("the URL cannot be used");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return makeError(ErrorCode::DataLoss, "the answer is not HTTP/1.1");
    case CURLE_PARTIAL_FILE:
      return makeError(ErrorCode::DataLoss, "the answer is cut short");
    default:
      break;
  }
  if (head_complete_) return makeError(ErrorCode::DataLoss, "the answer is broken");
  return unavailable("the connection was lost before an answer");
}

Result<void> checkRequestHead(const OutboundRequest& request) {
  constexpr std::string_view kOurs[] = {
      "connection", "content-length",    "expect",          "keep-alive", "te", "trailer",
      "upgrade",    "transfer-encoding", "proxy-connection"};
  const auto token = [](std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return c > ' ' && c < 0x7f &&
             std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
    });
  };
  const auto broken = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  if (!token(request.method)) return invalidArgument("the method is no token");
  for (const auto& [name, value] : request.headers) {
    if (!token(name)) return invalidArgument("a header name is no token");
    if (std::any_of(value.begin(), value.end(), broken)) {
      return invalidArgument(fmt::format("header {} holds a line break", name));
    }
    const bool ours = std::any_of(std::begin(kOurs), std::end(kOurs),
                                  [&](std::string_view h) { return equalsIgnoreCase(h, name); });
    if (ours) return invalidArgument(fmt::format("header {} is the client's business", name));
  }
  return {};
}

}  // namespace junctor::net
