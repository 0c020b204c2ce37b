#pragma once
// Pacer: keeps requests to a provider within the rate that it states, so that it need not say 429.
//
// At most `count` requests of an integration are under way or were answered within the last `per`.
// The provider gets a request after it was let go and before its answer, so that it never counts
// more than `count` in any such time, whatever the network does. The rate is kept by one server;
// several share none. Thread-safe.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/catalog.h"
#include "plugin/connector.h"

namespace junctor::action {

class Pacer {
 public:
  explicit Pacer(const Clock& clock) : clock_(clock) {}

  // Whoever has been let go. The answer is there when it goes.
  class Leave {
   public:
    Leave() = default;
    Leave(Pacer* pacer, std::string key) : pacer_(pacer), key_(std::move(key)) {}
    Leave(Leave&& other) noexcept
        : pacer_(std::exchange(other.pacer_, nullptr)), key_(std::move(other.key_)) {}
    Leave& operator=(Leave&&) = delete;
    ~Leave() {
      if (pacer_) pacer_->leave(key_);
    }

   private:
    Pacer* pacer_ = nullptr;
    std::string key_;
  };

  // Waits until one more request may go. ResourceExhausted with retry_after, at once, if that is
  // after `deadline_ns`; Cancelled. Nothing was sent then.
  Result<Leave> enter(const std::string& key, const RateLimit& rate, int64_t deadline_ns,
                      const std::atomic<bool>* cancelled);
  // The provider asked for it: nothing goes before.
  void pause(const std::string& key, std::chrono::milliseconds wait);

 private:
  struct Lane {
    RateLimit rate;
    size_t under_way = 0;
    std::deque<int64_t> answered_ns;
    int64_t paused_until_ns = 0;
  };
  // 0 = now, else how long at least.
  static int64_t waitNs(Lane& lane, int64_t now_ns);
  void leave(const std::string& key);

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable left_;
  std::map<std::string, Lane> lanes_;  // guarded by mutex_
};

// `settings.rate_limit` ("10/s", "600/m") if it is there, else what the manifest states.
// InvalidArgument: the setting is no rate.
Result<RateLimit> paceOf(const plugin::Manifest& manifest, const Integration& integration);
// What each of so many nodes may send, so that together they keep to the rate: never more.
RateLimit shareOf(const RateLimit& rate, int nodes);

}  // namespace junctor::action
