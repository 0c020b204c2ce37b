#pragma once
// LaneGate: how much may be sent to one destination now. Pure: no threads, no clock, no randomness;
// the owner passes `now` (monotonic milliseconds) and serializes calls.
//
// Four things hold work back, none of which costs a delivery an attempt:
// - a pause asked for by a person;
// - an error: `deads_to_error` deliveries in a row were given up. The breaker is then open with
//   longer waits, and only a delivery that is taken ends it: a refusal is no sign of repair;
// - the circuit breaker: `failures_to_open` failures in a row open it; after a wait that doubles
//   with every failed probe, one delivery probes; if it passes, the breaker closes;
// - the receiver's own word (429 or 503 with Retry-After): nothing starts before that time;
// - the rate limit, a token bucket.
// Besides, the number of deliveries at once adapts: halved when the receiver is overloaded (a
// time-out, 429, 503), one more for each that passes, between 1 and `running_max`.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace junctor::queue {

struct GateOptions {
  size_t running_max = 64;
  size_t unrecorded_factor = 4;  // times running_max: running, or the outcome not yet durable
  double rate_per_second = 0;    // 0 = no limit; the bucket holds one second's worth, at least one
  int failures_to_open = 20;
  int deads_to_error = 5;
  int64_t error_first_ms = 5'000;
  int64_t error_max_ms = 1'800'000;
  int64_t open_first_ms = 1'000;
  int64_t open_max_ms = 300'000;
  int64_t probe_max_ms = 180'000;  // a probe that never ends does not shut the lane for good

  bool operator==(const GateOptions&) const = default;
};

// How a delivery ended, as far as the receiver's health is concerned.
enum class GateSign {
  Healthy,     // it took the delivery
  Refused,     // it refused this one (a 4xx): it is there and answers
  Failing,     // it could not be reached, or answered 5xx or nonsense
  Overloaded,  // it ran out of time, or asked for less (429, 503)
  Unknown,     // never tried: our own stop, a refused address
};

enum class GateState { Flowing, Throttled, Open, Probing, Paused, Error };
// "flowing", "throttled", "open", "probing", "paused", "error"
std::string_view toString(GateState state);

class LaneGate {
 public:
  explicit LaneGate(const GateOptions& options) : options_(options), limit_(options.running_max) {}

  // May one more start while `running` are under way, and the outcomes of `unrecorded` more are not
  // durable? A crash repeats both, so both are bounded, however slow the disk is.
  bool mayStart(int64_t now_ms, size_t running, size_t unrecorded = 0) const;
  void started(int64_t now_ms);
  // `wait`: the receiver's Retry-After. `unit` in [0, 1) spreads the breaker's wait by ±20 %.
  void ended(GateSign sign, int64_t now_ms, std::optional<int64_t> wait_ms, double unit);

  // A delivery was given up, whatever its last attempt said. True: that was one too many, and the
  // error begins.
  bool died(int64_t now_ms, double unit);
  // Begins, or continues, an error that was known before (a restart): a probe may start at once.
  void suspend(int64_t now_ms);
  bool inError() const { return error_; }

  void pause() { paused_ = true; }
  void resume() { paused_ = false; }
  // A person looked after the destination: error and breaker end and no wait holds.
  void forgive();

  // Is it shut whatever runs now: paused, open, or told to wait? Work is then better left in the
  // store. `shutUntil` is when to look again, kNever if only a person or an ending delivery helps.
  bool shut(int64_t now_ms) const;
  int64_t shutUntil(int64_t now_ms) const;
  // When mayStart() may turn true by time alone, kNever if it needs an ending delivery.
  int64_t startsAt(int64_t now_ms) const;

  GateState state(int64_t now_ms) const;
  size_t limit() const { return limit_; }  // deliveries at once, as adapted
  const GateOptions& options() const { return options_; }

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

 private:
  bool probing(int64_t now_ms) const { return probe_until_ms_ > now_ms; }
  double tokensAt(int64_t now_ms) const;
  double burst() const;
  void open(int64_t now_ms, double unit);

  GateOptions options_;
  size_t limit_;
  bool paused_ = false;
  bool broken_ = false;         // the breaker is open, or probing
  int64_t probe_until_ms_ = 0;  // a probe is under way until then; 0 = none
  int failures_ = 0;            // in a row
  int deads_ = 0;               // deliveries given up in a row
  bool error_ = false;
  int64_t open_wait_ms_ = 0;   // of the last opening
  int64_t not_before_ms_ = 0;  // the end of the breaker's wait
  int64_t told_until_ms_ = 0;  // the receiver's Retry-After
  double tokens_ = -1;         // -1 = full: nothing was taken yet
  int64_t tokens_at_ms_ = 0;
};

}  // namespace junctor::queue
