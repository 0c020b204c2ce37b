#pragma once
// Ward: one version of a connector (or one tenant's share of it) in a process of its own, kept
// running: started when it is needed, started again after a crash with growing pauses, given up
// after too many.
//
// No call is lost to a crash of another: the call that ran when the process ended is run again,
// alone in a fresh process; if that ends too, it is to blame. It is not run again if it has sent
// what may not be sent twice, if it was cancelled, or if it took long to get there. The others are
// run again as if nothing had happened.
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "isolation/child.h"
#include "isolation/quarantine.h"
#include "isolation/spawner.h"

namespace junctor::isolation {

struct WardDeps {
  ChildDeps child;
  Quarantine& quarantine;
};

class Ward : public std::enable_shared_from_this<Ward> {
 public:
  // `name` is for people: "github 1.2.0".
  Ward(const WardDeps& deps, Code code, std::string name);
  ~Ward();

  struct Begun {
    std::shared_ptr<Child> child;
    ChildCallPtr call;
  };
  struct Answers {
    std::string created, done;  // payloads; `created` is empty if the instance was there
  };
  using Pack = std::function<std::string()>;
  using Spec = std::shared_ptr<const InstanceSpec>;

  // Starts the process now. InvalidArgument and its like: the connector refuses to be loaded.
  Result<void> start();
  // Sends a call ahead, if that needs no waiting; else the result is empty.
  Begun begin(const Spec& spec, const CallTerms& terms, const std::string& payload);
  // Waits for a begun call, or makes one; without `pack` it only creates the instance. Errors:
  // plugin::crashedError, quarantinedError, restartingError; Cancelled if the terms say so.
  Result<Answers> run(const Spec& spec, const CallTerms& terms, const Pack& pack, Begun begun);
  // Would run() refuse at once: quarantined, or pausing after a crash?
  bool refusesNow() const;
  void destroyInstance(uint64_t instance);
  // Ends the process as soon as nothing is in flight; later calls start one for themselves.
  void retire();
  // Forgets crashes: an operator said so.
  void pardon();
  std::string describe() const;
  pid_t pidForTest() const;
  size_t crashesForTest() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  Result<std::shared_ptr<Child>> running();
  Child::Started startChild();
  struct Order {
    const Spec& spec;
    const CallTerms& terms;
    const Pack& pack;
  };
  static ChildCallPtr callOf(const Order& order);
  Result<Answers> suspected(const Order& order, const ChildCall& call, const std::string& cause);
  Result<Answers> runAlone(const Order& order, const std::string& cause);
  Error refuseToWait(int64_t now_ms, const std::string& cause) const;
  void noteEnd(const std::shared_ptr<Child>& child);
  void noteCrash(const std::string& cause);
  void stopIfRetired();

  const WardDeps deps_;
  const Code code_;
  const std::string name_, key_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Child> child_;  // guarded by mutex_
  CrashHistory history_;          // guarded by mutex_
  int64_t not_before_ms_ = 0;     // guarded by mutex_: of the next start
  int64_t started_ms_ = 0;        // guarded by mutex_
  bool starting_ = false;         // guarded by mutex_
  bool retired_ = false;          // guarded by mutex_
  std::string last_cause_;        // guarded by mutex_
};

}  // namespace junctor::isolation
