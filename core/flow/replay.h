#pragma once
// Replay: stored events, or dead letters, that run again: which ones, how fast, how far it came. It
// rests in the store as a document, so it goes on after a restart.
#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace junctor::flow {

enum class ReplayState { Running, Done, Cancelled, Failed };
std::string_view toString(ReplayState state);  // "running", "done", "cancelled", "failed"

struct Replay {
  static constexpr const char* kKind = "replay";  // of the document; its key is "tenant/id"

  std::string id;  // rpl_…
  std::string tenant;
  bool dead_letters = false;  // else events, each through today's rules
  // Which; "" and 0 = any. `until_ms` is set when it begins: what comes later is not part of it.
  std::string type, source, rules;        // of events; type may be a glob
  std::string integration;                // of both
  std::string destination, rule_version;  // of dead letters
  std::string reason;                     // its beginning; the host's own: `total` does not know it
  uint64_t cause = 0;
  int64_t since_ms = 0, until_ms = 0;
  int64_t rate = 0;  // a second; 0 = as fast as it goes

  int lane = -1;  // of the node that runs it (Store::lane()): no other one goes on with it
  std::string created_by;
  int64_t created_at_ms = 0, ended_at_ms = 0;
  ReplayState state = ReplayState::Running;
  int64_t total = 0;   // when it began
  int64_t done = 0;    // handed on, whether or not they failed
  int64_t failed = 0;  // of them; `problem` is the last one's
  std::string problem;
  std::string cursor;  // of the list it goes through, oldest first

  std::string key() const { return tenant + "/" + id; }
  bool ended() const { return state != ReplayState::Running; }
  store::EventQuery events() const;
  store::DeliveryQuery deliveries() const;
};

std::string replayToJson(const Replay& replay);
Result<Replay> replayFromJson(const std::string& json);

// "00ff00ff00ff00ff", as causes are shown and typed.
std::string causeText(uint64_t cause);
Result<uint64_t> parseCause(std::string_view text);

}  // namespace junctor::flow
