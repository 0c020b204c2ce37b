#pragma once
// Error: what the world did to us, as a value. One type for all rooms, so results compose.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace junctor {

// Canonical classes. Delivery decides by them: Unavailable, DeadlineExceeded and ResourceExhausted
// may be tried again, the others may not.
enum class ErrorCode {
  InvalidArgument,     // the input is wrong and stays wrong
  NotFound,
  AlreadyExists,
  PermissionDenied,    // known caller, not allowed
  Unauthenticated,     // signature or token missing or wrong
  ResourceExhausted,   // a stated limit was hit
  Unavailable,         // try again later
  DeadlineExceeded,
  Cancelled,
  DataLoss,            // stored bytes are damaged
  Unimplemented,
  Internal,            // our own fault
};

std::string_view toString(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;                                    // one line, no secrets
  std::optional<std::chrono::milliseconds> retry_after;   // set when the other side named a time

  bool retryable() const;
};

Error makeError(ErrorCode code, std::string message);
Error invalidArgument(std::string message);
Error notFound(std::string message);
Error unavailable(std::string message);
Error internalError(std::string message);

// "invalid_argument: integrations.yaml:3: unknown key 'conector'"
std::string describe(const Error& error);

}  // namespace junctor
