#pragma once
// Child: one running runner process as the host sees it. Calls go in one after another, as many as
// wanted at a time, and are answered in that order, so the oldest unanswered call is the one that
// runs: the one to blame for a crash, and the one whose time is measured.
//
// Thread-safe. Nobody reads the socket in the background: whoever awaits a call reads for all.
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.h"
#include "isolation/lockdown.h"
#include "isolation/messages.h"
#include "isolation/spawner.h"
#include "isolation/wire.h"

namespace junctor::isolation {

// What a child runs. The file is opened once, so that every process of a version runs the same
// bytes, whatever becomes of the file's name.
struct Code {
  std::string id, version;
  std::shared_ptr<const Descriptor> file;
  bool threads = false;
};

struct Timing {
  int64_t start_ms = 0;  // from spawn to loaded
  int64_t call_ms = 0;   // one call, before its process is killed
};

// One call on its way. Owned by whoever awaits it; the child fills it in.
struct ChildCall {
  enum class State {
    InFlight,
    Answered,
    Suspect,  // the child ended while it ran this call
    Lost,     // the child ended before it came to this call
  };
  State state = State::InFlight;
  uint64_t id = 0;
  bool creates = false, calls = false;  // what it is made of, in this order
  std::string created, done;            // payloads of the answers
  std::shared_ptr<const InstanceSpec> spec;
};
using ChildCallPtr = std::shared_ptr<ChildCall>;

class Child : public std::enable_shared_from_this<Child> {
 public:
  struct Started {
    std::shared_ptr<Child> child;  // null: `error` says why
    Error error{};
    bool blamed = false;  // it is the connector that failed, not this host
  };
  // Blocks until the connector is open. `on_end` runs on the spawner's thread once the process has
  // ended, unless the child is gone by then.
  static Started start(Spawner& spawner, const Code& code, const Timing& timing, const Clock& clock,
                       std::function<void()> on_end = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Sends the call. `call_payload` empty = it only creates. False: nothing was sent, there is no
  // room (never if `wait`) or the child is dead.
  bool begin(const ChildCallPtr& call, std::string_view call_payload, bool wait);
  // Blocks until the call is no longer in flight.
  void await(const ChildCallPtr& call);
  void destroyInstance(uint64_t instance);
  bool hasInstance(uint64_t instance) const;
  size_t inFlight() const;

  bool dead() const;
  // How it ended; "" while it lives.
  std::string end() const;
  // Ends it, as retirement does: nothing is in flight.
  void stop();
  const Lockdown& lockdown() const { return lockdown_; }
  pid_t pid() const { return process_.pid(); }

 private:
  Child(Code code, const Timing& timing, const Clock& clock, Descriptor socket, Process process,
        Spawner& spawner);
  using Lock = std::unique_lock<std::mutex>;

  Result<void> load();
  Result<Frame> expect(FrameKind kind, int64_t deadline_ns);
  void noticeEnd();
  void pump(Lock& lock);
  void drain();
  bool take(Frame& frame);
  bool takeAnswer(Frame& frame);
  void takeLog(const Frame& frame);
  bool sendOrWait(FrameKind kind, uint64_t call, std::string_view payload, bool wait);
  int64_t deadlineNs() const;
  void die(std::string cause);

  const Code code_;
  const Timing timing_;
  const Clock& clock_;
  Spawner& spawner_;
  Channel channel_;
  Process process_;
  Lockdown lockdown_;

  std::mutex sending_;  // calls are sent whole; taken before mutex_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ChildCallPtr> in_flight_;  // guarded by mutex_, oldest first
  std::set<uint64_t> instances_;        // guarded by mutex_: made there, or on their way
  uint64_t next_call_ = 1;              // guarded by mutex_
  int64_t idle_since_ns_ = 0;           // guarded by mutex_: when the oldest call could begin
  size_t log_lines_ = 0;                // guarded by mutex_: since the last answer
  bool reading_ = false;                // guarded by mutex_: somebody reads, without the lock
  std::string end_;                     // guarded by mutex_
};

}  // namespace junctor::isolation
