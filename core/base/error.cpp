#include "base/error.h"

#include <utility>

namespace junctor {

std::string_view toString(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument: return "invalid_argument";
    case ErrorCode::NotFound: return "not_found";
    case ErrorCode::AlreadyExists: return "already_exists";
    case ErrorCode::PermissionDenied: return "permission_denied";
    case ErrorCode::Unauthenticated: return "unauthenticated";
    case ErrorCode::ResourceExhausted: return "resource_exhausted";
    case ErrorCode::Unavailable: return "unavailable";
    case ErrorCode::DeadlineExceeded: return "deadline_exceeded";
    case ErrorCode::Cancelled: return "cancelled";
    case ErrorCode::DataLoss: return "data_loss";
    case ErrorCode::Unimplemented: return "unimplemented";
    case ErrorCode::Internal: return "internal";
  }
  return "internal";
}

bool Error::retryable() const {
  return code == ErrorCode::Unavailable || code == ErrorCode::DeadlineExceeded ||
         code == ErrorCode::ResourceExhausted;
}

Error makeError(ErrorCode code, std::string message) {
  return Error{code, std::move(message), std::nullopt};
}
Error invalidArgument(std::string message) {
  return makeError(ErrorCode::InvalidArgument, std::move(message));
}
Error notFound(std::string message) { return makeError(ErrorCode::NotFound, std::move(message)); }
Error unavailable(std::string message) {
  return makeError(ErrorCode::Unavailable, std::move(message));
}
Error internalError(std::string message) {
  return makeError(ErrorCode::Internal, std::move(message));
}

std::string describe(const Error& error) {
  return std::string(toString(error.code)) + ": " + error.message;
}

}  // namespace junctor
