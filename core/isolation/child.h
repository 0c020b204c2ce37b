#pragma once
// Child: one running runner process as the host sees it. Calls go in one after another, as many as
// wanted at a time, and are answered in that order, so the oldest unanswered call is the one that
// runs: the one to blame for a crash, the one whose time is measured, and the one that asks the
// host for something. Whoever reads answers that, which may take as long as a request to a provider
// takes: calls that may do so get a child of their own (IsolatedConnector).
//
// Thread-safe. Nobody reads the socket in the background: whoever awaits a call reads for all.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "isolation/lockdown.h"
#include "isolation/messages.h"
#include "isolation/spawner.h"
#include "isolation/wire.h"
#include "plugin/ports.h"

namespace junctor::isolation {

// What a child runs. The file is opened once, so that every process of a version runs the same
// bytes, whatever becomes of the file's name.
struct Code {
  std::string id, version;
  std::shared_ptr<const Descriptor> file;
  bool threads = false;
  uint64_t memory_mib = 0;
};

struct Timing {
  int64_t start_ms = 0;  // from spawn to loaded
  int64_t call_ms = 0;   // a call of the usual budget, before its process is killed
  int64_t idle_cpu_ms = limits::kConnectorIdleCpuMs;  // see lookIdle()
};

// What every child needs of its host.
struct ChildDeps {
  Spawner& spawner;
  const Clock& clock;
  Timing timing;
  plugin::HostPorts ports{};  // all of them, behind a gate
  uint32_t landlock_min = 0;  // see LoadMessage
};

// What one call may do and how long. Pointers outlive the call.
struct CallTerms {
  bool no_io = true, dry_run = false;
  int64_t budget_ms = limits::kConnectorCallMs;
  const std::atomic<bool>* cancelled = nullptr;
  plugin::CallRecord* record = nullptr;
  const std::vector<std::string>* secrets = nullptr;  // live ones, for signatures
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
  CallTerms terms;
  bool late = false;  // Suspect because its time was over
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
  static Started start(const ChildDeps& deps, const Code& code, std::function<void()> on_end = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Sends the call. `call_payload` empty = it only creates. False: nothing was sent, there is no
  // room (never if `wait`) or the child is dead.
  bool begin(const ChildCallPtr& call, std::string_view call_payload, bool wait);
  // Blocks until the call is no longer in flight.
  void await(const ChildCallPtr& call);
  // As await(), but no longer than the oldest call may take before it counts as slow. False: the
  // call is still in flight.
  bool answersSoon(const ChildCallPtr& call);
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
  Child(const ChildDeps& deps, Code code, Descriptor socket, Process process, Board board);
  using Lock = std::unique_lock<std::mutex>;

  Result<void> load(const Descriptor& board);
  Result<Frame> expect(FrameKind kind, int64_t deadline_ns);
  void noticeEnd();
  void lookIdle();
  void pump(Lock& lock);
  void drain();
  void answerQuestion(Lock& lock);
  void sendAnswer(Lock& lock, uint64_t call, const std::string& answer);
  plugin::PortCall portCall(const ChildCall& call) const;
  bool take(Frame& frame);
  bool takeAnswer(Frame& frame);
  void takeLog(const Frame& frame);
  bool sendOrWait(FrameKind kind, uint64_t call, std::string_view payload, bool wait);
  void beginOldest();
  int64_t killMs() const;
  int64_t deadlineNs() const;
  int waitMs();
  void die(std::string cause);

  const ChildDeps deps_;
  const Code code_;
  const Clock& clock_;
  Channel channel_;
  Process process_;
  Lockdown lockdown_;
  Board board_;  // says to the running call that it was cancelled

  std::mutex sending_;  // calls are sent whole; taken before mutex_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ChildCallPtr> in_flight_;   // guarded by mutex_, oldest first
  std::set<uint64_t> instances_;         // guarded by mutex_: made there, or on their way
  uint64_t next_call_ = 1;               // guarded by mutex_
  int64_t idle_since_ns_ = 0;            // guarded by mutex_: when the oldest call could begin
  size_t log_lines_ = 0;                 // guarded by mutex_: since the last answer
  std::optional<std::string> question_;  // guarded by mutex_: of the oldest call, to be answered
  const ChildCall* serving_ = nullptr;   // guarded by mutex_: whose question is being answered
  int64_t cancelled_at_ns_ = 0;          // guarded by mutex_: the oldest call; 0 = it was not
  int64_t idle_cpu_ns_ = -1;             // guarded by mutex_: at the last look; -1 = was not idle
  uint64_t idle_call_ = 0;               // guarded by mutex_: the next call's id then
  bool reading_ = false;                 // guarded by mutex_: somebody reads, without the lock
  std::string end_;                      // guarded by mutex_
};

}  // namespace junctor::isolation
