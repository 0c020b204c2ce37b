#pragma once
// Durable flows, as their host sees them. A flow's function is run from its start whenever it is
// resumed; steps that are remembered give their answers at once, at the first ones that are not the
// run ends and says which they are. So nothing of the Lua state has to be kept, and a function that
// does the same whenever it runs goes on where it was.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "mapping/value.h"
#include "model/catalog.h"
#include "model/event.h"
#include "model/step.h"

namespace junctor::script {

using FlowMemory = std::map<std::string, Step, std::less<>>;  // by Step::key

// A step that a flow asks for and that is not finished.
struct FlowStep {
  std::string key, kind, target, digest;  // as in Step
  std::string name;       // destination, integration, key of get and set, type of emit
  std::string action;     // of act and llm
  std::string args_json;  // body, params, request, pattern, event, value; "" = none
  std::string where;      // "name@version:line" that asks
  bool optional = false;  // its failure is an answer: nil and why
  int tries = 0;          // before it has failed for good; 0 = as the flow's schedule says
  int64_t timeout_ms = 0;
  int64_t cache_ms = 0;   // > 0: an answer to the same that is no older will do
  int64_t since_key = 0;  // wait: events whose id has a higher order key
};

// As published.
struct FlowInfo {
  std::string name;
  std::string rule_version;             // label of its script
  std::vector<int64_t> retry_waits_ms;  // of a failing step; empty = the server's schedule
  LlmCaps llm;                          // beside the tenant's
};

struct FlowRun {
  bool finished = false;
  std::string result_json;       // what the function returned; "" = nothing
  std::vector<FlowStep> wanted;  // if not finished: those that may be carried out side by side
};

// What a `wait` waits for: { type, source, integration, where = { path = value } }.
class WaitPattern {
 public:
  static Result<WaitPattern> parse(const std::string& json);
  bool matches(const EventEnvelope& event) const;

 private:
  std::optional<std::string> type_, source_, integration_;  // type may be a pattern
  std::vector<std::pair<std::string, std::string>> equal_;  // path, value as text
};

// An event as the answer of a wait, as JSON; without its payload where that makes it too long.
std::string waitAnswer(const EventEnvelope& event);

}  // namespace junctor::script
