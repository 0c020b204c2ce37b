#include "net/line_socket.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>

#include "net/guarded_easy.h"

namespace junctor::net {
namespace {

constexpr int kLookMs = 50;  // how soon a cancelled call is noticed
constexpr size_t kChunk = 16 * 1024;
constexpr size_t kLineMax = 64 * 1024;

Error ended() {
  return makeError(ErrorCode::DataLoss, "the connection ended before the answer did");
}

class CurlLine final : public LineSocket {
 public:
  CurlLine(const LineLimits& limits, const Clock& clock)
      : easy_(limits, clock), left_(limits.bytes_max) {}

  Result<void> dial(const std::string& host, uint16_t port, bool tls) {
    const std::string url = fmt::format("{}://{}:{}", tls ? "https" : "http", host, port);
    curl_easy_setopt(easy_.handle(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy_.handle(), CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy_.handle(), CURLOPT_CONNECT_ONLY, 1L);
    return easy_.perform();
  }

  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      size_t sent = 0;
      const CURLcode code = curl_easy_send(easy_.handle(), bytes.data(), bytes.size(), &sent);
      if (code != CURLE_OK && code != CURLE_AGAIN) return ended();
      bytes.remove_prefix(sent);
      if (code == CURLE_AGAIN) JUNCTOR_CHECK(wait(POLLOUT));
    }
    return {};
  }

  Result<std::string> readLine() override {
    for (size_t from = 0;;) {
      const size_t end = buffer_.find('\n', from);
      if (end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        if (line.ends_with('\r')) line.pop_back();
        return line;
      }
      from = buffer_.size();
      if (from > kLineMax) return makeError(ErrorCode::ResourceExhausted, "a line is too long");
      JUNCTOR_CHECK(fill());
    }
  }

  Result<std::string> read(size_t bytes) override {
    while (buffer_.size() < bytes) JUNCTOR_CHECK(fill());
    std::string out = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return out;
  }

 private:
  Result<void> fill() {
    char chunk[kChunk];
    for (;;) {
      size_t received = 0;
      const CURLcode code = curl_easy_recv(easy_.handle(), chunk, sizeof chunk, &received);
      if (code == CURLE_AGAIN) {
        JUNCTOR_CHECK(wait(POLLIN));
        continue;
      }
      if (code != CURLE_OK || received == 0) return ended();
      if (received > left_)
        return makeError(ErrorCode::ResourceExhausted, "the answer is too large");
      left_ -= received;
      buffer_.append(chunk, received);
      return {};
    }
  }

  Result<void> wait(short events) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy_.handle(), CURLINFO_ACTIVESOCKET, &fd);
    if (fd == CURL_SOCKET_BAD) return ended();
    pollfd watch{fd, events, 0};
    const auto patience = static_cast<int>(std::min<int64_t>(easy_.leftMs(), kLookMs));
    ::poll(&watch, 1, patience);
    return easy_.goOn();
  }

  GuardedEasy easy_;
  size_t left_;
  std::string buffer_;
};

}  // namespace

Result<std::unique_ptr<LineSocket>> LineSocket::dial(const std::string& host, uint16_t port,
                                                     bool tls, const LineLimits& limits,
                                                     const Clock& clock) {
  auto line = std::make_unique<CurlLine>(limits, clock);
  JUNCTOR_CHECK(line->dial(host, port, tls));
  return std::unique_ptr<LineSocket>(std::move(line));
}

}  // namespace junctor::net
