#pragma once
// What goes out: a delivery is event × handler; an attempt is one try of it.
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace junctor {

enum class DeliveryState : int {
  Pending = 0,  // waits for its time
  Running = 1,  // leased; only in memory, the store still says Pending
  Waiting = 2,  // parked: its integration or destination is paused or in error
  Delivered = 3,
  Filtered = 4,   // no route wanted it, or a route dropped it
  Dead = 5,       // a dead letter
  Discarded = 6,  // given up by a person
};
std::string_view toString(DeliveryState state);
std::optional<DeliveryState> parseDeliveryState(std::string_view text);
// The table of legal transitions.
bool mayBecome(DeliveryState from, DeliveryState to);
bool isFinal(DeliveryState state);
// Pending, running or waiting: it has yet to be sent, so others of its order key wait behind it.
bool isOpen(DeliveryState state);

struct Delivery {
  DeliveryId id;
  EventId event_id;
  std::string tenant;
  std::string integration;   // of the event
  std::string destination;   // name; "" for filtered deliveries and failed rules
  std::string route;         // name of the route that chose it, "otherwise", or ""
  std::string rule_version;  // "name@hash" of the script that decided, or ""
  DeliveryState state = DeliveryState::Pending;
  int attempts = 0;        // finished attempts
  int64_t next_at_ms = 0;  // earliest time of the next attempt
  int64_t created_at_ms = 0;
  std::string reason;  // why filtered or dead: "rule-error: …", "http-410", "attempts-exhausted"
  // Deliveries of one destination with the same key go out one after another, in the order of their
  // events: the next one waits until this one is delivered, dead or discarded. "" = no order.
  std::string order_key;
  std::string mapping;    // "connector/object@hash" that made body_json, or ""
  std::string body_json;  // what is sent instead of the event; "" = the event
  int64_t claim = 0;      // under which this process holds it (store/store.h)
};
// `next_at_ms` of a pending delivery that waits for an earlier one of its order key.
inline constexpr int64_t kBehindAnother = std::numeric_limits<int64_t>::max();

enum class AttemptOutcome : int {
  Delivered = 0,
  HttpError = 1,  // an answer outside 2xx
  Timeout = 2,
  ConnectFailed = 3,   // DNS, TCP or TLS
  BrokenResponse = 4,  // truncated, too large or not HTTP
  Denied = 5,          // the guarded dialer refused the address
  Internal = 6,
};
std::string_view toString(AttemptOutcome outcome);

struct Attempt {
  DeliveryId delivery_id;
  int number = 0;  // 1 = first
  int64_t started_at_ms = 0;
  int64_t latency_us = 0;
  AttemptOutcome outcome = AttemptOutcome::Internal;
  int status = 0;             // HTTP status, 0 if none
  std::string request_head;   // request line and headers, secrets masked, capped
  std::string response_head;  // status line and headers, then the start of the body, capped
  std::string error;          // cause in words, "" if delivered
};

}  // namespace junctor
