#pragma once
// Member: this process as a node of the cluster. It holds a lease, by the database's time, and
// renews it on a connection and a thread of its own (a second one calls the watcher); it takes over
// the work of nodes whose lease ran out, hears what other nodes tell, and looks by itself every
// limits::kStorePollMs.
//
// An epoch is fenced by deleting its row. Every transaction that writes holds that row (FOR KEY
// SHARE) and so is either over before the node's work goes to others, or refused.
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/threads.h"
#include "store/postgres/connection.h"
#include "store/store.h"

namespace junctor::store::postgres {

struct MemberOptions {
  std::string location;
  std::string name;  // a node of the same name is this one's past: it is fenced at once
  int64_t lease_ms = 0;
  int64_t dedupe_window_ms = 0;
};

class Member {
 public:
  Member(MemberOptions options, const Clock& clock);
  // Leaves: what the node holds is anybody's at once.
  ~Member();

  // Joins. Fails with Unavailable if the database cannot be reached.
  Result<void> start();
  void watch(Store::Watcher watcher);

  int64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  int lane() const { return lane_.load(std::memory_order_acquire); }
  int nodes() const { return nodes_.load(std::memory_order_relaxed); }  // known at the last beat
  bool reachable() const { return reachable_.load(std::memory_order_relaxed); }
  // Any thread: a transaction found that the epoch is not known any more.
  void suspect();
  const std::string& channel() const { return channel_; }
  // The part of a document's kind that nodes tell each other; "": nobody watches it.
  std::string watched(const std::string& kind);
  // Counts what is kept; the sum bounds what new work the node keeps for itself.
  struct Load {
    std::atomic<int64_t> requests{0}, deliveries{0};
  };
  Load& load() { return load_; }

 private:
  void run();
  void beat();
  Result<void> connect();
  Result<void> join();
  Result<void> countNodes();
  Result<void> renew();
  Result<void> takeOver();
  Result<void> compareDocuments(bool tell);
  void leave();
  void tell();
  void upkeep();
  void tellLost();

  const MemberOptions options_;
  const Clock& clock_;
  std::string channel_;
  int64_t lock_ = 0;

  // of the member's thread (and of start() before it)
  std::unique_ptr<Connection> connection_;
  int64_t renewed_ms_ = 0, reachable_since_ms_ = 0, polled_ms_ = 0;
  int64_t retry_ms_ = 0;
  std::map<std::string, int64_t> versions_;  // of documents, by kind
  int64_t upkeep_ms_ = 0;                    // of the teller's thread

  std::atomic<int64_t> epoch_{0};
  std::atomic<int> lane_{-1}, nodes_{1};
  std::atomic<bool> reachable_{false};
  std::atomic<bool> suspected_{false};
  std::atomic<bool> stopping_{false};
  Load load_;

  // The watcher, in three parts: what is told may take long, even wait for a write; a lease may
  // not.
  std::mutex mutex_;
  Store::Watcher watcher_;  // guarded by mutex_, which is held while it is called
  std::mutex lost_mutex_;
  std::function<void()> lost_;  // guarded by lost_mutex_, likewise
  std::mutex kinds_mutex_;
  std::vector<std::string> kinds_;  // guarded by kinds_mutex_
  Mailbox<std::string> news_;       // kinds of documents that changed; "" = there is work
  Thread thread_, teller_;
};

}  // namespace junctor::store::postgres
