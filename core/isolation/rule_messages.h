#pragma once
// What the host and a rule worker say to each other. Every Call frame to a worker begins with a
// RuleMethod; its Done holds the answer. Packing and reading stand side by side.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isolation/packing.h"
#include "isolation/wire.h"
#include "script/host.h"

namespace junctor::isolation {

enum class RuleMethod : uint8_t {
  Entry = 1,  // a mapping that rulesets may name from now on: label, origin, JSON
  Define,     // a ruleset is compiled and kept under its number
  Forget,     // likewise is no longer needed
  Run,        // tasks, in the room or in the frame
  Flow,
  Convert,
  Test,
};

// A ruleset as it travels. Mappings are named by the keys of Entry.
struct RulesetOrder {
  uint64_t id = 0;
  std::vector<RuleScript> scripts;
  std::vector<LookupTable> tables;
  std::vector<std::string> entries;
};
auto membersOf(SameRule<RulesetOrder> auto& v) {
  return std::tie(v.id, v.scripts, v.tables, v.entries);
}
// What the host has to know of a compiled ruleset.
struct RulesetSummary {
  uint64_t routes = 0, normalizers = 0;
  std::vector<script::FlowInfo> flows;
  std::vector<std::string> destinations, versions;
  std::string version_text;
  std::vector<std::string> mappings;  // that its scripts declare, as JSON
};
auto membersOf(SameRule<RulesetSummary> auto& v) {
  return std::tie(v.routes, v.normalizers, v.flows, v.destinations, v.versions, v.version_text,
                  v.mappings);
}
class RemoteRuleset;
// Either `summary`, or why not.
struct Compiled {
  bool good = false;
  RulesetSummary summary;
  std::string error;
  std::vector<script::RuleProblem> problems;
};
auto membersOf(SameRule<Compiled> auto& v) {
  return std::tie(v.good, v.summary, v.error, v.problems);
}

// How a run is made.
enum class TaskPart : uint8_t { Both, Normalize, Route };
enum class TraceLevel : uint8_t { None, Lines, Details };
TraceLevel levelOf(const script::Trace* trace);

// One task's event. Its payload is an image in the same bytes, or a text, or none.
struct TaskHead {
  uint64_t ruleset = 0;
  TaskPart part = TaskPart::Both;
  TraceLevel trace = TraceLevel::None;
  bool has_payload = false;
  uint64_t image_at = 0, image_bytes = 0;  // 0 bytes: it is `payload_text`
  std::string_view payload_text{};
};
void packTask(Packer& out, const TaskHead& head, const Event& event);
// False: that is no task.
bool readTask(Unpacker& in, TaskHead& head, Event& event);

// What became of it. `part` as it was asked for.
void packTaskResult(Packer& out, TaskPart part, TraceLevel level, const script::RuleTask& task);
// False: that is no result, or none that the ruleset can have.
bool readTaskResult(Unpacker& in, TaskPart part, TraceLevel level, const RemoteRuleset& rules,
                    script::RuleTask& task);

// JSON of a converted value and what was noted.
void packConverted(Packer& out, const script::Ran<mapping::Converted>& ran);
bool readConverted(Unpacker& in, script::Ran<mapping::Converted>& ran);

// False: no run of a flow can end so.
bool readFlowRun(Unpacker& in, script::Ran<script::FlowRun>& ran);

// As far as it is: whoever runs next goes on with it.
void packTrace(Packer& out, TraceLevel level, const script::Trace& trace);
bool readTrace(Unpacker& in, TraceLevel level, script::Trace* trace);

}  // namespace junctor::isolation
