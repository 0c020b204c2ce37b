#pragma once
// Replayer: carries replays out on a thread of its own, in fair turns, at the rate each asked for.
// What it hands on is bulk work, so live deliveries go first.
//
// A replayed event and how far the replay came are stored in one transaction; a dead letter leaves
// the state that the list asks for. So a crash repeats nothing.
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/threads.h"
#include "flow/replay.h"
#include "observe/metrics.h"

namespace junctor::flow {

struct ReplayerDeps {
  using Done = std::function<void(Result<void>)>;
  store::Store& store;
  const Clock& clock;
  IdSource& ids;
  observe::Metrics& metrics;
  // Called on the replayer's thread; `done` may be called on any. Both run asynchronously.
  std::function<void(const EventPtr&, store::Document note, Done done)> run_event;
  std::function<void(const Delivery& dead, Done done)> run_dead;
};

class Replayer {
 public:
  explicit Replayer(ReplayerDeps deps);
  ~Replayer();

  // What was under way goes on. Blocks on the store.
  Result<void> start();
  void stop();

  // The following may block on the store. How many it would run now:
  Result<int64_t> count(const Replay& replay);
  // Fills in id, times and total. ResourceExhausted beyond limits::kReplaysOpenMax of one tenant.
  Result<Replay> create(Replay replay);
  std::vector<Replay> list(const std::string& tenant) const;  // newest first
  Result<Replay> find(const std::string& tenant, const std::string& id) const;
  // Returns once nothing more of it is handed on. InvalidArgument if it has ended.
  Result<Replay> cancel(const std::string& tenant, const std::string& id);

 private:
  struct Job {
    Replay replay;
    std::deque<Event> events;  // read ahead
    std::deque<Delivery> deliveries;
    bool read_all = false;
    bool cancelled = false;
    size_t in_flight = 0;
    double tokens = 0;
    int64_t tokens_at_ms = 0;
    int64_t unsaved = 0;  // dead letters handed on since the document was put
  };
  using JobPtr = std::shared_ptr<Job>;

  void run();
  bool step(const JobPtr& job);
  size_t allowed(Job& job, int64_t now_ms);
  bool readAhead(Job& job);
  void runNextEvent(const JobPtr& job);
  void runNextDead(const JobPtr& job);
  void finished(const JobPtr& job, const Result<void>& result);
  void end(const JobPtr& job, ReplayState state);
  void save(const Replay& replay);
  void forgetOld(const std::string& tenant);

  ReplayerDeps deps_;
  observe::Counter& replayed_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, JobPtr> jobs_;  // by key; the jobs' parts that a thread shares: mutex_
  bool stopping_ = false;
  Thread thread_;
};

}  // namespace junctor::flow
