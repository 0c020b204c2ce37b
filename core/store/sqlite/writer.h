#pragma once
// Writer: the thread that owns the one writing connection. It commits what waits in groups, runs
// the completions after the fsync, copies the log back (checkpoint) and watches the free space. One
// connection alone commits and checkpoints: SQLite before 3.51.3 can corrupt a log that two
// connections reset at the same moment.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/threads.h"
#include "store/sqlite/database.h"
#include "store/sqlite/write_session.h"
#include "store/store.h"
#include "store/write_queue.h"

namespace junctor::store {

struct WriterOptions {
  std::string folder;  // whose file system must keep low_space_bytes free
  uint64_t low_space_bytes = 0;
  std::function<Result<uint64_t>(const std::string&)> free_bytes;
};

class Writer {
 public:
  Writer(std::unique_ptr<Database> database, std::unique_ptr<WriteSession> session,
         WriterOptions options, const Clock& clock);
  // Carries out what is queued, then stops.
  ~Writer();

  // Any thread. Refuses at once when too much waits or the store takes nothing new.
  void append(AppendWrite write);
  void push(Write write) { queue_.push(std::move(write)); }

  Health health() const { return health_.load(std::memory_order_relaxed); }
  int64_t highestKey() const { return highest_key_.load(std::memory_order_relaxed); }
  size_t waiting() const { return queue_.waiting(); }
  void flush() { queue_.flush(); }

 private:
  void run();
  void commit(std::vector<Write>& batch);
  void commitOneByOne(std::vector<Write>& batch);
  void failAll(std::vector<Write>& batch, const Error& error);
  void maintain();
  void checkpoint();
  void checkSpace();
  void stopWriting(const Error& error);

  // constant after construction
  const WriterOptions options_;
  const Clock& clock_;

  // of the writer thread
  std::unique_ptr<Database> database_;
  std::unique_ptr<WriteSession> session_;
  Error broken_;  // why nothing is written any more
  int64_t space_checked_ns_ = 0;
  int commits_since_space_check_ = 0;
  int checkpointed_frames_ = 0;

  // shared
  WriteQueue queue_;
  std::atomic<Health> health_{Health::Ok};
  std::atomic<int64_t> highest_key_{0};

  Thread thread_;  // last: it uses all of the above
};

}  // namespace junctor::store
