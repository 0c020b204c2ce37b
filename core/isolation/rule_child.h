#pragma once
// RuleChild: one running rule worker as the host sees it. One call at a time; used by one thread at
// a time.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "isolation/lockdown.h"
#include "isolation/remote_rules.h"
#include "isolation/shared_room.h"
#include "isolation/spawner.h"
#include "isolation/wire.h"

namespace junctor::isolation {

class RuleChild {
 public:
  // Unavailable: no process, or it is locked in too little (see SupervisorOptions::landlock_min).
  static Result<std::unique_ptr<RuleChild>> start(Spawner& spawner, const Clock& clock,
                                                  uint32_t landlock_min);

  // Sends a call and waits for its answer. It is killed if it neither answers nor makes progress
  // for `patience_ms` of which it works half, or for five times that. None: the process is no more,
  // end() says how it ended.
  std::optional<std::string> ask(std::string_view payload, int64_t patience_ms);
  // Makes the ruleset known to it, if it is not. None: as ask().
  std::optional<Compiled> define(const RemoteRuleset& rules);
  // The answer made no sense: ends it.
  void distrust();

  SharedRoom& room() { return room_; }
  bool dead() const { return !end_.empty(); }
  const std::string& end() const { return end_; }
  const Lockdown& lockdown() const { return lockdown_; }
  pid_t pid() const { return process_.pid(); }

 private:
  RuleChild(const Clock& clock, Descriptor socket, Process process, SharedRoom room)
      : clock_(clock),
        channel_(std::move(socket)),
        process_(std::move(process)),
        room_(std::move(room)) {}

  Result<void> awaitLocked();
  std::optional<Frame> receive(FrameKind kind, int64_t patience_ms);
  bool overdue(int64_t patience_ms, int64_t begun_ms, int64_t& begun_cpu_ns) const;
  void die(std::string cause);
  bool tellEntries(const RemoteRuleset& rules, RulesetOrder& order);
  bool forgetUnneeded();

  const Clock& clock_;
  Channel channel_;
  Process process_;
  SharedRoom room_;
  Lockdown lockdown_;
  uint64_t next_call_ = 1;
  size_t log_lines_ = 0;
  std::string end_;
  std::set<std::string> entries_;  // that it knows
  struct Known {
    std::weak_ptr<const RemoteRuleset> rules;
    uint64_t last_used = 0;
  };
  std::map<uint64_t, Known> known_;
};

}  // namespace junctor::isolation
