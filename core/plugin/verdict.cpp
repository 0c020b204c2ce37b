#include "plugin/verdict.h"

#include <string_view>

namespace junctor::plugin {
namespace {

constexpr std::string_view kCrashed = "connector-crash: ";
constexpr std::string_view kQuarantined = "connector-quarantined: ";
constexpr std::string_view kRestarting = "connector-restarting: ";

constexpr std::string_view kBusy = "connector-busy: ";

Error verdict(ErrorCode code, std::string_view prefix, const std::string& cause) {
  return makeError(code, std::string(prefix) + cause);
}

}  // namespace

Error crashedError(const std::string& cause) {
  return verdict(ErrorCode::Internal, kCrashed, cause);
}

Error quarantinedError(const std::string& cause) {
  return verdict(ErrorCode::PermissionDenied, kQuarantined, cause);
}

Error restartingError(std::chrono::milliseconds wait, const std::string& cause) {
  Error error = verdict(ErrorCode::Unavailable, kRestarting, cause);
  error.retry_after = wait;
  return error;
}

Error busyError(const std::string& name) {
  return verdict(ErrorCode::Unavailable, kBusy, name + " is still at work");
}

bool isFinalVerdict(const Error& error) {
  return error.message.starts_with(kCrashed) || error.message.starts_with(kQuarantined);
}

bool isRestarting(const Error& error) {
  return error.message.starts_with(kRestarting);
}

bool isBusy(const Error& error) {
  return error.message.starts_with(kBusy);
}

Error notOffered(std::string_view interface) {
  return makeError(ErrorCode::Unimplemented,
                   "the connector does not offer " + std::string(interface));
}

}  // namespace junctor::plugin
