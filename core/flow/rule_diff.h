#pragma once
// What two versions of a tenant's rules make of the same event, and how that differs. Nothing is
// stored or sent.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "script/host.h"
#include "store/store.h"

namespace junctor::flow {

struct RuleOutcome {
  Event event;  // as normalized
  script::Routed routed;
  std::optional<script::RuleError> error;
  int64_t fuel = 0;
};
RuleOutcome evaluate(script::RuleRunner& runner, const script::Ruleset& rules, Event event,
                     JsonView payload);

struct Difference {
  std::string path;           // "type", "data.requester.email", "to", "error"; lists as "[]"
  std::string before, after;  // as JSON, the first characters; "" = absent
};
std::vector<Difference> differences(const RuleOutcome& before, const RuleOutcome& after);

// Differences of many events, by path.
struct PathChange {
  int64_t events = 0;
  std::vector<std::string> examples;  // ids of the first events
  std::string before, after;          // of the first one
};
struct Comparison {
  int64_t events = 0, changed = 0;
  int64_t errors_before = 0, errors_after = 0;
  int64_t fuel_before = 0, fuel_after = 0;  // the highest of one event
  std::map<std::string, PathChange> paths;

  void add(const RuleOutcome& before, const RuleOutcome& after);
};

// Stored events, newest first, through both: at most limits::kRuleCompareEventsMax. `next_cursor`
// "" = the last one was among them.
struct ComparedPage {
  Comparison comparison;
  std::string next_cursor;
  int64_t oldest_ms = 0;  // received_at of the last one looked at
};
Result<ComparedPage> comparePage(store::Store& store, const store::EventQuery& query,
                                 const script::Ruleset& before, const script::Ruleset& after,
                                 script::RuleHost& host = script::localRules());

}  // namespace junctor::flow
