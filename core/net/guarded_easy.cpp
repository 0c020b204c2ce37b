#include "net/guarded_easy.h"

#include <sys/socket.h>

#include <algorithm>

#include "base/limits.h"
#include "net/address.h"
#include "net/reach_error.h"

namespace junctor::net {
namespace {

template <class T>
void setEasy(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

}  // namespace

GuardedEasy::GuardedEasy(const LineLimits& limits, const Clock& clock)
    : limits_(limits), clock_(clock), easy_(curl_easy_init()) {
  setEasy(easy_, CURLOPT_NOSIGNAL, 1L);
  setEasy(easy_, CURLOPT_QUICK_EXIT, 1L);
  setEasy(easy_, CURLOPT_PROXY, "");
  setEasy(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  setEasy(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  setEasy(easy_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  setEasy(easy_, CURLOPT_CONNECTTIMEOUT_MS,
          static_cast<long>(std::min<int64_t>(leftMs(), limits::kConnectTimeoutMs)));
  setEasy(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(leftMs()));
  setEasy(easy_, CURLOPT_OPENSOCKETFUNCTION, &GuardedEasy::openSocket);
  setEasy(easy_, CURLOPT_OPENSOCKETDATA, this);
  setEasy(easy_, CURLOPT_NOPROGRESS, 0L);
  setEasy(easy_, CURLOPT_XFERINFOFUNCTION, &GuardedEasy::progress);
  setEasy(easy_, CURLOPT_XFERINFODATA, this);
}

int64_t GuardedEasy::leftMs() const {
  return std::max<int64_t>(1, (limits_.deadline_ns - clock_.monotonicNs()) / 1'000'000);
}

Result<void> GuardedEasy::goOn() const {
  if (limits_.cancelled && limits_.cancelled->load()) {
    return makeError(ErrorCode::Cancelled, "the call was cancelled; it may have been sent");
  }
  if (clock_.monotonicNs() >= limits_.deadline_ns) {
    return makeError(ErrorCode::DeadlineExceeded, "no answer in time");
  }
  return {};
}

// curl connects to the very address it passes here.
curl_socket_t GuardedEasy::openSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& easy = *static_cast<GuardedEasy*>(self);
  const AddressVerdict verdict = classifySocketAddress(address->addr, easy.limits_.allow_private);
  if (!verdict.allowed) {
    easy.denied_reason_ = verdict.reason;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int GuardedEasy::progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<GuardedEasy*>(self)->goOn() ? 0 : 1;
}

Result<void> GuardedEasy::perform() {
  const CURLcode code = curl_easy_perform(easy_);
  if (auto unreached = reachError(code, denied_reason_)) return *std::move(unreached);
  switch (code) {
    case CURLE_OK:
      return {};
    case CURLE_ABORTED_BY_CALLBACK:
      JUNCTOR_CHECK(goOn());
      return unavailable("no connection");
    case CURLE_OPERATION_TIMEDOUT:
      return makeError(ErrorCode::DeadlineExceeded, "no answer in time");
    case CURLE_LOGIN_DENIED:
      return makeError(ErrorCode::Unauthenticated, "the server refuses the credential");
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
      return unavailable("TLS: no handshake, and without it nothing is sent there");
    default:
      return unavailable("the exchange failed");
  }
}

}  // namespace junctor::net
