#pragma once
// PgWriter: the thread that owns the node's one writing session. It commits what waits in groups
// and runs the completions after the commit. Without a session everything is refused with
// Unavailable, and a new one is tried for, more and more slowly.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/threads.h"
#include "store/postgres/session.h"
#include "store/write_queue.h"

namespace junctor::store::postgres {

class PgWriter {
 public:
  PgWriter(std::string location, int64_t lease_ms, std::unique_ptr<Connection> connection,
           std::unique_ptr<PgSession> session, int64_t highest_key, const Clock& clock);
  // Carries out what is queued, then stops.
  ~PgWriter();

  // Any thread. Refuses at once when too much waits; `taking`: does the store take anything new?
  void append(AppendWrite write, bool taking);
  void push(Write write) { queue_.push(std::move(write)); }

  Health health() const { return health_.load(std::memory_order_relaxed); }
  int64_t highestKey() const { return highest_key_.load(std::memory_order_relaxed); }
  size_t waiting() const { return queue_.waiting(); }
  void flush() { queue_.flush(); }

  // Settings of a session that writes.
  static Result<std::unique_ptr<Connection>> connect(const std::string& location, int64_t lease_ms,
                                                     const Clock& clock);

 private:
  void run();
  bool connected();
  void commit(std::vector<Write>& batch);
  void commitOneByOne(std::vector<Write>& batch);

  const std::string location_;
  const int64_t lease_ms_;
  const Clock& clock_;

  // of the writer thread
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<PgSession> session_;
  int64_t try_at_ms_ = 0, retry_ms_ = 0;
  Error broken_;

  // shared
  WriteQueue queue_;
  std::atomic<Health> health_{Health::Ok};
  std::atomic<int64_t> highest_key_;

  Thread thread_;  // last: it uses all of the above
};

}  // namespace junctor::store::postgres
