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
  explicit Spawner(std::string program);
  ~Spawner();  // nothing may be watched any more

  // `socket` becomes the child's kRunnerSocket. Nothing else is passed on, no environment either.
  Result<Process> spawn(const Descriptor& socket);
  // `ended` is called on the spawner's thread, once, unless forget() came before. Must not block.
  void watch(int handle, std::function<void()> ended);
  // After it returned `ended` does not run, and will not (unless it is `ended` that calls).
  void forget(int handle);

 private:
  void run();
  Result<Process> start(int socket) const;
  void handleEvents(int count, const epoll_event* events);

  const std::string program_;
  Descriptor events_, wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> jobs_;       // guarded by mutex_
  std::map<int, std::function<void()>> watched_;  // guarded by mutex_
  int calling_ = -1;                              // guarded by mutex_
  bool stopping_ = false;                         // guarded by mutex_
  std::atomic<std::thread::id> own_thread_{};
  Thread thread_;
};

}  // namespace junctor::isolation
