#include "delivery/outcome.h"

#include <fmt/core.h>

#include <ctime>

#include <charconv>

namespace junctor::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

AttemptOutcome outcomeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::DeadlineExceeded:
      return AttemptOutcome::Timeout;
    case ErrorCode::Unavailable:
      return AttemptOutcome::ConnectFailed;
    case ErrorCode::DataLoss:
    case ErrorCode::ResourceExhausted:
      return AttemptOutcome::BrokenResponse;
    case ErrorCode::PermissionDenied:
    case ErrorCode::InvalidArgument:
      return AttemptOutcome::Denied;
    default:
      return AttemptOutcome::Internal;
  }
}

Verdict judgeError(const Error& error) {
  Verdict verdict;
  verdict.outcome = outcomeOf(error.code);
  verdict.error = error.message;
  verdict.try_again = verdict.outcome != AttemptOutcome::Denied;
  if (!verdict.try_again) verdict.dead_reason = "address-refused: " + error.message;
  return verdict;
}

}  // namespace

queue::GateSign Verdict::sign() const {
  using queue::GateSign;
  switch (outcome) {
    case AttemptOutcome::Delivered:
      return GateSign::Healthy;
    case AttemptOutcome::Timeout:
      return GateSign::Overloaded;
    case AttemptOutcome::ConnectFailed:
    case AttemptOutcome::BrokenResponse:
      return GateSign::Failing;
    case AttemptOutcome::HttpError:
      if (status == 429 || status == 503) return GateSign::Overloaded;
      return status >= 500 ? GateSign::Failing : GateSign::Refused;
    case AttemptOutcome::Denied:
    case AttemptOutcome::Internal:
      return GateSign::Unknown;
  }
  return GateSign::Unknown;
}

std::optional<milliseconds> parseRetryAfter(std::string_view value, int64_t now_unix_ms) {
  int64_t number = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (code == std::errc() && end == value.data() + value.size()) {
    if (number < 0 || number > 365LL * 24 * 3600) return std::nullopt;
    return milliseconds(seconds(number));
  }
  tm date{};
  const std::string text(value);
  const char* rest = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const int64_t wait = int64_t{timegm(&date)} * 1000 - now_unix_ms;
  return milliseconds(std::max<int64_t>(wait, 0));
}

Verdict judge(const Result<net::OutboundResponse>& answer, int64_t now_unix_ms) {
  if (!answer) return judgeError(answer.error());
  Verdict verdict;
  verdict.status = answer->status;
  if (answer->status >= 200 && answer->status < 300) {
    verdict.outcome = AttemptOutcome::Delivered;
    return verdict;
  }
  verdict.outcome = AttemptOutcome::HttpError;
  verdict.error = fmt::format("the receiver answered {}", answer->status);
  if (answer->status == 410) {
    verdict.disable_destination = true;
    verdict.dead_reason = "http-410";
    return verdict;
  }
  verdict.try_again = true;
  if (const std::string* value = findHeader(answer->headers, "Retry-After")) {
    verdict.retry_after = parseRetryAfter(*value, now_unix_ms);
  }
  return verdict;
}

}  // namespace junctor::delivery
