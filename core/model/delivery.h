#pragma once
// What goes out: a delivery is event × handler; an attempt is one try of it.
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace junctor {

// Which deliveries of a destination go first. Each class keeps moving, however much of a higher one
// waits (queue/work_window.h).
enum class Priority : int { Urgent = 0, Normal = 1, Bulk = 2 };
inline constexpr size_t kPriorities = 3;
std::string_view toString(Priority priority);  // "urgent", "normal", "bulk"
std::optional<Priority> parsePriority(std::string_view text);

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
  Priority priority = Priority::Normal;
  bool latest_only = false;  // not sent once a newer event of its resource was seen
  uint64_t cause = 0;        // of a dead letter: causeOf(); 0 else
};
// `next_at_ms` of a pending delivery that waits for an earlier one of its order key.
inline constexpr int64_t kBehindAnother = std::numeric_limits<int64_t>::max();

// The fingerprint of a dead letter's cause: the same for deaths that one repair would mend, so they
// can be listed, counted and replayed together. Of the destination (without one: the integration)
// and of `reason` without what differs from case to case: numbers and ids, but not the rule's line
// nor the class of an HTTP status. Stable over versions; never 0.
uint64_t causeOf(const Delivery& delivery, std::string_view reason);

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
