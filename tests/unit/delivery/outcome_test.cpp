#include <catch2/catch.hpp>

#include "delivery/outcome.h"

using junctor::AttemptOutcome;
using junctor::Error;
using junctor::ErrorCode;
using junctor::delivery::judge;
using junctor::delivery::parseRetryAfter;
using junctor::net::OutboundResponse;

namespace {

constexpr int64_t kNow = 1'763'700'000'000;

junctor::delivery::Verdict answered(int status, junctor::Headers headers = {}) {
  OutboundResponse response;
  response.status = status;
  response.headers = std::move(headers);
  return judge(response, kNow);
}

junctor::delivery::Verdict failed(ErrorCode code) {
  return judge(Error{code, "cause", std::nullopt}, kNow);
}

}  // namespace

TEST_CASE("any 2xx delivers") {
  for (const int status : {200, 201, 202, 204, 299}) {
    CHECK(answered(status).outcome == AttemptOutcome::Delivered);
  }
}

TEST_CASE("redirects and errors are tried again") {
  for (const int status : {301, 302, 304, 400, 401, 404, 408, 422, 429, 500, 502, 503, 504}) {
    const auto verdict = answered(status);
    CHECK(verdict.outcome == AttemptOutcome::HttpError);
    CHECK(verdict.try_again);
    CHECK(verdict.error.find(std::to_string(status)) != std::string::npos);
  }
}

TEST_CASE("410 is dead at once and disables the destination") {
  const auto verdict = answered(410, {{"Retry-After", "5"}});
  CHECK_FALSE(verdict.try_again);
  CHECK(verdict.disable_destination);
  CHECK(verdict.dead_reason == "http-410");
}

TEST_CASE("Retry-After is read as seconds or as a date") {
  using std::chrono::seconds;
  CHECK(answered(503, {{"retry-after", "120"}}).retry_after == seconds(120));
  CHECK(parseRetryAfter("Fri, 21 Nov 2025 05:40:00 GMT", 1'763'703'000'000) == seconds(600));
  CHECK(parseRetryAfter("Fri, 21 Nov 2025 04:40:00 GMT", 1'763'703'000'000) == seconds(0));
  for (const char* bad : {"", "-1", "soon", "1.5", "99999999999999999999", "Fri, 21 Nov 2025"}) {
    CHECK_FALSE(parseRetryAfter(bad, kNow));
  }
}

TEST_CASE("broken connections and broken answers are tried again") {
  CHECK(failed(ErrorCode::Unavailable).try_again);
  CHECK(failed(ErrorCode::DeadlineExceeded).try_again);
  CHECK(failed(ErrorCode::DataLoss).try_again);
  CHECK(failed(ErrorCode::ResourceExhausted).try_again);
  CHECK(failed(ErrorCode::DataLoss).outcome == AttemptOutcome::BrokenResponse);
}

TEST_CASE("a refused address is dead at once") {
  const auto verdict = failed(ErrorCode::PermissionDenied);
  CHECK(verdict.outcome == AttemptOutcome::Denied);
  CHECK_FALSE(verdict.try_again);
  CHECK_FALSE(verdict.dead_reason.empty());
}

TEST_CASE(
    "an answer says how its receiver fares: taking or refusing one delivery is health, 5xx is "
    "not") {
  using junctor::queue::GateSign;
  const auto sign = [](int status) { return answered(status).sign(); };
  for (const int status : {200, 204}) CHECK(sign(status) == GateSign::Healthy);
  for (const int status : {301, 400, 401, 404, 410, 422}) CHECK(sign(status) == GateSign::Refused);
  for (const int status : {500, 502, 504}) CHECK(sign(status) == GateSign::Failing);
  for (const int status : {429, 503}) CHECK(sign(status) == GateSign::Overloaded);
  CHECK(failed(ErrorCode::DeadlineExceeded).sign() == GateSign::Overloaded);
  CHECK(failed(ErrorCode::Unavailable).sign() == GateSign::Failing);
  CHECK(failed(ErrorCode::DataLoss).sign() == GateSign::Failing);
  CHECK(failed(ErrorCode::PermissionDenied).sign() == GateSign::Unknown);
}
