#pragma once
// Rules: a tenant's Lua scripts, compiled once at publish and run per event in a sandbox
// (no I/O, no clock, no shared state; budgets in base/limits.h). See sdk/lua/ for the author's
// view.
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json_doc.h"
#include "base/limits.h"
#include "base/result.h"
#include "mapping/book.h"
#include "mapping/convert.h"
#include "model/catalog.h"
#include "model/delivery.h"
#include "model/event.h"
#include "script/flow.h"

namespace junctor::script {

// Dotted words, "ticket.opened", as an event's type must be.
bool isEventType(std::string_view type);

// The checked, indexed rules of one tenant. Immutable, shared by all threads.
class Ruleset {
 public:
  virtual ~Ruleset() = default;
  virtual size_t routeCount() const = 0;
  virtual size_t normalizerCount() const = 0;
  virtual size_t flowCount() const = 0;
  virtual std::vector<FlowInfo> flowInfos() const = 0;
  // Null if there is no such flow in that version. Lives as long as the ruleset.
  virtual const FlowInfo* flow(std::string_view name, std::string_view rule_version) const = 0;
  // Destination names that routes mention, so that apply can refuse unknown ones.
  virtual std::vector<std::string> destinations() const = 0;
  // "name@version" of the scripts, in the order they run.
  virtual std::vector<std::string> versions() const = 0;
  virtual const std::string& versionText() const = 0;  // the same, joined by spaces
  // The mapping rules see under "connector/object": of jn.map, else of the book. Null: none.
  virtual mapping::EntryPtr mapping(std::string_view name) const = 0;
  virtual std::vector<mapping::EntryPtr> mappings() const = 0;
};
using RulesetPtr = std::shared_ptr<const Ruleset>;

// What rules may use besides the event.
struct Surroundings {
  mapping::BookPtr mappings;  // may be null
  std::vector<LookupTable> tables;
};

struct RuleProblem {
  std::string script;   // its name; "" = none in particular
  std::string message;  // begins with rule@version:line
};

// "name@version", as errors and deliveries carry it.
std::string labelOf(const RuleScript& script);

// Compiles and runs each script's top level once, in the sandbox. The error holds all problems;
// they are also added to `problems`, one by one.
Result<RulesetPtr> compileRules(const std::vector<RuleScript>& scripts,
                                const Surroundings& surroundings = {},
                                std::vector<RuleProblem>* problems = nullptr);

struct RouteTarget {
  std::string destination;   // or "flow:NAME"
  std::string route;         // its name in the script
  std::string rule_version;  // "name@version"
  std::string order_key;     // value of the route's `key` path, ""
  std::string mapping;       // "connector/object@hash", "" = the event is sent as it is
  std::string body_json;     // what the mapping made
  std::string problem;       // why it made nothing; "" = it did
  Priority priority = Priority::Normal;
  bool latest_only = false;  // not to be sent once a newer event of its resource was seen
};

// Filled when asked for.
struct Trace {
  bool details = false;  // also what stands below; costs about an eighth more

  std::vector<std::string> lines;  // one per rule considered: matched, or the clause that failed
  int64_t fuel = 0;

  struct Read {
    std::string path, value;  // the value's first characters as JSON; "" = absent
    int times = 0;
  };
  std::vector<Read> reads;  // fields of the event that Lua asked for, in order
  struct ClauseSeen {
    std::string route, path, value;
    bool matched = false;
  };
  std::vector<ClauseSeen> clauses;
  std::map<std::string, std::map<int, int>> hits;  // script -> line -> times
  struct Mapped {
    std::string destination, mapping;
    std::vector<mapping::Issue> issues;
    std::vector<mapping::Origin> origins;
  };
  std::vector<Mapped> mapped;
};

struct Routed {
  std::vector<RouteTarget> targets;
  bool dropped = false;             // a `drop` route ended it
  std::string reason;               // drop reason, or "no route matched"
  std::string route, rule_version;  // of the drop
};

struct RuleError {
  std::string rule;      // "name@version:line"
  std::string message;   // at most 512 bytes
  bool budget = false;   // fuel, wall, memory or result limit
  bool changed = false;  // a flow did otherwise than when it ran before
  // Where rules run in processes of their own: theirs ended, twice, or they are quarantined.
  bool crashed = false;
  int64_t retry_ms = 0;  // > 0: nothing ran, ask again then
};
template <class T>
struct Ran {  // value or rule error: a rule error is data, the delivery carries it
  T value;
  std::optional<RuleError> error;
};

// An event's way through a tenant's rules: normalized, then routed unless that failed or there is
// nothing to route to.
struct RuleTask {
  const Ruleset* rules = nullptr;
  Event* event = nullptr;  // as normalize() leaves it
  JsonView payload{};
  Trace* trace = nullptr;
  // Filled by run().
  Ran<bool> normalized{};
  Ran<Routed> routed{};
  int64_t fuel = 0;
  const std::optional<RuleError>& error() const {
    return normalized.error ? normalized.error : routed.error;
  }
};

// Runs rulesets on one thread; keeps one sandbox per tenant ruleset, evicting the least used.
class RuleRunner {
 public:
  virtual ~RuleRunner() = default;
  // Lets the tenant's normalizers rewrite `event` (type, data_json, occurred_at_ms, resource …).
  // `payload` is the parsed payload. First accepting normalizer wins; none leaves `event` as it is.
  virtual Ran<bool> normalize(const Ruleset& rules, Event& event, JsonView payload,
                              Trace* trace = nullptr) = 0;
  // normalize() and route() of several events; a runner in another process gets them at once.
  virtual void run(std::span<RuleTask> tasks) = 0;
  // Flows whose conditions hold are among the targets.
  // `ev` in routes: envelope fields by name (id type source integration tenant occurred_at
  // received_at actor resource data payload metadata), any other name is looked up in data, then
  // in payload.
  // Targets with a mapping get their body: the event's data through the mapping.
  virtual Ran<Routed> route(const Ruleset& rules, const Event& event, JsonView payload,
                            Trace* trace = nullptr) = 0;
  // Runs a flow's function over what is remembered of its steps, up to the first that are not.
  // The error names rule@version:line; so does that of steps that are not as remembered.
  virtual Ran<FlowRun> flow(const Ruleset& rules, const FlowInfo& flow, const Event& event,
                            JsonView payload, const FlowMemory& memory, Trace* trace = nullptr) = 0;
  // One object through a mapping that the rules see, after_in and after_out included.
  virtual Ran<mapping::Converted> convert(const Ruleset& rules, std::string_view name,
                                          mapping::Direction direction,
                                          const mapping::Value& object, Trace* trace = nullptr) = 0;
};

// What one normalize() or route() may use.
struct RuleBudget {
  int64_t fuel = limits::kRuleFuelMax;
  int64_t wall_ms = limits::kRuleWallMs;
  size_t memory_bytes = limits::kRuleMemoryBytesMax;
};
std::unique_ptr<RuleRunner> makeRuleRunner(const RuleBudget& budget = {});

}  // namespace junctor::script
