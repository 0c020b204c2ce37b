#include "action/pacer.h"

#include <algorithm>

#include "base/json_value.h"
#include "config/values.h"

namespace junctor::action {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr std::chrono::milliseconds kLook{10};  // how soon a cancelled call is noticed

int64_t nsOf(std::chrono::nanoseconds time) {
  return time.count();
}

}  // namespace

int64_t Pacer::waitNs(Lane& lane, int64_t now_ns) {
  if (now_ns < lane.paused_until_ns) return lane.paused_until_ns - now_ns;
  if (lane.rate.count == 0) return 0;
  const int64_t window_ns = nsOf(lane.rate.per);
  while (!lane.answered_ns.empty() && lane.answered_ns.front() + window_ns < now_ns) {
    lane.answered_ns.pop_front();
  }
  const auto most = static_cast<size_t>(lane.rate.count);
  if (lane.under_way + lane.answered_ns.size() < most) return 0;
  // All are under way: the next one goes a whole window after one of them is answered.
  if (lane.answered_ns.empty()) return window_ns;
  return std::max<int64_t>(1, lane.answered_ns.front() + window_ns - now_ns);
}

Result<Pacer::Leave> Pacer::enter(const std::string& key, const RateLimit& rate,
                                  int64_t deadline_ns, const std::atomic<bool>* cancelled) {
  std::unique_lock lock(mutex_);
  Lane& lane = lanes_[key];
  lane.rate = rate;
  while (true) {
    const int64_t now_ns = clock_.monotonicNs();
    const int64_t wait_ns = waitNs(lane, now_ns);
    if (wait_ns == 0) break;
    if (cancelled && cancelled->load()) {
      return makeError(ErrorCode::Cancelled, "the call was cancelled before it was sent");
    }
    if (now_ns + wait_ns > deadline_ns) {
      Error error = makeError(ErrorCode::ResourceExhausted,
                              "the provider's rate is used up for now; nothing was sent");
      error.retry_after = std::chrono::milliseconds(wait_ns / kNsPerMs + 1);
      return error;
    }
    left_.wait_for(lock,
                   std::min<std::chrono::nanoseconds>(std::chrono::nanoseconds(wait_ns), kLook));
  }
  ++lane.under_way;
  return Leave(this, key);
}

void Pacer::leave(const std::string& key) {
  {
    std::lock_guard lock(mutex_);
    Lane& lane = lanes_[key];
    --lane.under_way;
    if (lane.rate.count > 0) lane.answered_ns.push_back(clock_.monotonicNs());
  }
  left_.notify_all();
}

void Pacer::pause(const std::string& key, std::chrono::milliseconds wait) {
  std::lock_guard lock(mutex_);
  Lane& lane = lanes_[key];
  lane.paused_until_ns = std::max(lane.paused_until_ns, clock_.monotonicNs() + nsOf(wait));
}

Result<RateLimit> paceOf(const plugin::Manifest& manifest, const Integration& integration) {
  JUNCTOR_TRY(const Json settings, parseJson(integration.settings_json));
  if (!settings.is_object() || !settings.contains("rate_limit")) return manifest.declared.rate;
  const Json& own = settings["rate_limit"];
  auto rate = own.is_string() ? config::parseRate(own.get<std::string>())
                              : Result<RateLimit>(invalidArgument("must be a text like 10/s"));
  if (!rate) return invalidArgument("settings.rate_limit: " + rate.error().message);
  return rate;
}

RateLimit shareOf(const RateLimit& rate, int nodes) {
  if (rate.count == 0 || nodes <= 1) return rate;
  if (rate.count >= nodes) return {rate.count / nodes, rate.per};
  const int64_t turns = (nodes + rate.count - 1) / rate.count;
  return {1, std::chrono::seconds(rate.per.count() * turns)};
}

}  // namespace junctor::action
