// Failures in the C++ SDK: an exception inside, a status at the boundary. Part of
// junctor/connector.hpp.
#ifndef JUNCTOR_FAILURE_HPP
#define JUNCTOR_FAILURE_HPP

#include <junctor/junctor.h>

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace jnc {

using Text = std::string_view;

// Thrown to fail a call: its status, and one line for the operator (no secrets).
class Failure : public std::exception {
 public:
  Failure(jn_status status, std::string message) : status_(status), message_(std::move(message)) {}
  jn_status status() const { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }

  // What the provider answered.
  Failure& http(uint32_t status) { return http_status_ = status, *this; }
  Failure& code(std::string text) { return code_ = std::move(text), *this; }
  Failure& retryAfter(uint64_t ms) { return retry_after_ms_ = ms, *this; }
  uint32_t httpStatus() const { return http_status_; }
  const std::string& providerCode() const { return code_; }
  uint64_t retryAfterMs() const { return retry_after_ms_; }

 private:
  jn_status status_;
  uint32_t http_status_ = 0;
  uint64_t retry_after_ms_ = 0;
  std::string message_, code_;
};
inline Failure invalid(std::string message) {
  return {JN_E_INVALID, std::move(message)};
}

namespace detail {

inline jn_str view(Text text) {
  return {text.data(), text.size()};
}
inline Text text(const jn_str& view) {
  return view.ptr ? Text(view.ptr, view.len) : Text();
}
inline void check(jn_status status, const char* what) {
  if (status != JN_OK) throw Failure(status, what);
}
inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

inline jn_status failed(const jn_call* call, const Failure& failure) {
  jn_error error{};
  error.struct_size = sizeof error;
  error.status = failure.status();
  error.http_status = failure.httpStatus();
  error.retry_after_ms = failure.retryAfterMs();
  error.code = view(failure.providerCode());
  error.message = view(failure.what());
  return call->fail(call, &error);
}

// Nothing thrown by `body` gets past it.
template <class Body>
jn_status barrier(const jn_call* call, Body&& body) noexcept {
  try {
    try {
      body();
      return JN_OK;
    } catch (const Failure& failure) {
      return failed(call, failure);
    } catch (const std::exception& error) {
      return failed(call, Failure(JN_E_INTERNAL, error.what()));
    } catch (...) {
      return failed(call, Failure(JN_E_INTERNAL, "an unknown exception"));
    }
  } catch (...) {  // no memory for the message
    return JN_E_INTERNAL;
  }
}

}  // namespace detail
}  // namespace jnc

#endif
