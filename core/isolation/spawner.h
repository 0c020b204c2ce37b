#pragma once
// Spawner: starts runner children and notices at once when one ends. All of them are children of
// its one thread, since the kernel kills them with the thread that made them.
#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/descriptor.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/threads.h"

struct epoll_event;

namespace junctor::isolation {

// Ends the process when it goes out of scope, and leaves no zombie.
class Process {
 public:
  Process() = default;
  Process(pid_t pid, Descriptor handle) : pid_(pid), handle_(std::move(handle)) {}
  Process(Process&& other) noexcept = default;
  Process& operator=(Process&&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  int handle() const { return handle_.get(); }  // readable once it has ended
  void kill();
  bool ended(int wait_ms) const;
  // Kills it if need be, and says how it ended: "died of SIGSEGV".
  std::string reap();

 private:
  pid_t pid_ = -1;
  Descriptor handle_;
  std::string end_;
};

class Spawner {
 public:
  explicit Spawner(std::string program, int64_t look_ms = limits::kConnectorIdleWatchMs);
  ~Spawner();  // nothing may be watched any more

  // `socket` becomes the child's kRunnerSocket. Nothing else is passed on, no environment either.
  Result<Process> spawn(const Descriptor& socket);
  // `ended` is called once, unless forget() came before; `look` every `look_ms` until then. Both on
  // the spawner's thread; they must not block.
  struct Watcher {
    std::function<void()> ended, look;
  };
  void watch(int handle, Watcher watcher);
  // After it returned neither of them runs, and neither will (unless it is one of them that calls).
  void forget(int handle);

 private:
  void run();
  Result<Process> start(int socket) const;
  void handleEvents(int count, const epoll_event* events);
  void lookAtAll();

  const std::string program_;
  const int64_t look_ms_;
  int64_t looked_ms_ = 0;  // own thread only
  Descriptor events_, wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> jobs_;  // guarded by mutex_
  std::map<int, Watcher> watched_;           // guarded by mutex_
  int calling_ = -1;                         // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::atomic<std::thread::id> own_thread_{};
  Thread thread_;
};

}  // namespace junctor::isolation
