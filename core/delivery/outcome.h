#pragma once
// The table that decides what becomes of a delivery after an attempt. Pure.
#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/delivery.h"
#include "net/http_client.h"
#include "queue/lane_gate.h"

namespace junctor::delivery {

struct Verdict {
  AttemptOutcome outcome = AttemptOutcome::Internal;
  int status = 0;
  std::string error;  // "" if delivered
  bool try_again = false;
  bool disable_destination = false;  // 410: the receiver does not want it any more
  std::optional<std::chrono::milliseconds> retry_after;
  std::string dead_reason;  // if it is not tried again

  // What it says about the receiver: a refusal of this one delivery (4xx) is a sign of health.
  queue::GateSign sign() const;
};

// 2xx delivered · 410 dead and disabled · any other answer, timeouts, broken connections and broken
// answers try again (3xx too: redirects are not followed) · a refused address or bad URL is dead at
// once. Retry-After counts on any retried answer: seconds or an HTTP date (RFC 9110 §10.2.3).
Verdict judge(const Result<net::OutboundResponse>& answer, int64_t now_unix_ms);

std::optional<std::chrono::milliseconds> parseRetryAfter(std::string_view value,
                                                         int64_t now_unix_ms);

}  // namespace junctor::delivery
