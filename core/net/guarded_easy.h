#pragma once
// What every blocking use of libcurl shares: the guard, TLS that is verified, no proxy, a deadline.
// Private to the room.
#include <curl/curl.h>

#include <string>

#include "net/line_socket.h"

namespace junctor::net {

class GuardedEasy {
 public:
  GuardedEasy(const LineLimits& limits, const Clock& clock);
  ~GuardedEasy() { curl_easy_cleanup(easy_); }
  GuardedEasy(const GuardedEasy&) = delete;
  GuardedEasy& operator=(const GuardedEasy&) = delete;

  CURL* handle() const { return easy_; }
  // Cancelled, DeadlineExceeded, PermissionDenied, Unavailable, in fixed sentences.
  Result<void> perform();
  // Are we still to go on?
  Result<void> goOn() const;
  int64_t leftMs() const;

 private:
  static curl_socket_t openSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  const LineLimits limits_;
  const Clock& clock_;
  CURL* const easy_;
  std::string denied_reason_;
};

}  // namespace junctor::net
