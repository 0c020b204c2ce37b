#include "isolation/rule_messages.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "base/json_doc.h"
#include "base/limits.h"
#include "isolation/remote_rules.h"

namespace junctor::isolation {
namespace {

using script::RuleError;
using script::RuleTask;

bool shortText(std::string_view text, size_t most) {
  return text.size() <= most && validUtf8(text);
}

constexpr size_t kResultTextMax = 1'024;  // ids and names of a result

bool jsonOrNothing(const std::string& json) {
  // What the writer lets through, and an envelope around it.
  return json.size() <= 2 * limits::kRuleResultBytesMax && (json.empty() || checkJson(json));
}

void packError(Packer& out, const std::optional<RuleError>& error) {
  pack(out, error);
}

bool readError(Unpacker& in, std::optional<RuleError>& error) {
  unpack(in, error);
  if (!error) return in.ok();
  return in.ok() && shortText(error->rule, 2 * limits::kRuleErrorBytesMax) &&
         shortText(error->message, 2 * limits::kRuleErrorBytesMax);
}

void packNormalized(Packer& out, const Event& event) {
  out.text(event.type).i64(event.occurred_at_ms).text(event.resource.type).text(event.resource.id);
  out.text(event.actor_json).text(event.data_json);
}

// An event is changed only by what an event may be.
bool readNormalized(Unpacker& in, Event& event) {
  Event read;
  read.type = in.text();
  read.occurred_at_ms = in.i64();
  read.resource.type = in.text();
  read.resource.id = in.text();
  read.actor_json = in.text();
  read.data_json = in.text();
  const bool good = in.ok() && script::isEventType(read.type) &&
                    shortText(read.resource.type, kResultTextMax) &&
                    shortText(read.resource.id, kResultTextMax) && jsonOrNothing(read.data_json) &&
                    (read.actor_json == event.actor_json || jsonOrNothing(read.actor_json));
  if (!good) return false;
  event.type = std::move(read.type);
  event.occurred_at_ms = read.occurred_at_ms;
  event.resource = std::move(read.resource);
  event.actor_json = std::move(read.actor_json);
  event.data_json = std::move(read.data_json);
  return true;
}

bool possibleTarget(const RemoteRuleset& rules, const script::RouteTarget& target) {
  const std::string_view to = target.destination;
  const bool known = isFlow(to)
                         ? rules.flow(to.substr(kFlowPrefix.size()), target.rule_version) != nullptr
                         : rules.sendsTo(target.destination);
  return known && shortText(target.route, kResultTextMax) &&
         shortText(target.rule_version, kResultTextMax) &&
         shortText(target.mapping, kResultTextMax) &&
         shortText(target.problem, 2 * limits::kRuleErrorBytesMax) && validUtf8(target.order_key) &&
         jsonOrNothing(target.body_json) && target.priority >= Priority::Urgent &&
         target.priority <= Priority::Bulk;
}

bool possible(const RemoteRuleset& rules, const script::Routed& routed) {
  return routed.targets.size() <= limits::kDeliveriesPerEventMax &&
         shortText(routed.reason, 2 * limits::kRuleErrorBytesMax) &&
         shortText(routed.route, kResultTextMax) &&
         shortText(routed.rule_version, kResultTextMax) &&
         std::all_of(routed.targets.begin(), routed.targets.end(),
                     [&](const auto& target) { return possibleTarget(rules, target); });
}

bool possible(const std::vector<mapping::Issue>& issues) {
  return std::all_of(issues.begin(), issues.end(), [](const mapping::Issue& issue) {
    return issue.kind >= mapping::Issue::Kind::Lossy && issue.kind <= mapping::Issue::Kind::Kept;
  });
}

bool possibleStep(const script::FlowStep& step) {
  constexpr std::string_view kKinds[] = {"call", "act",  "llm", "sleep",
                                         "wait", "emit", "get", "set"};
  return std::find(std::begin(kKinds), std::end(kKinds), step.kind) != std::end(kKinds) &&
         shortText(step.key, kResultTextMax) && shortText(step.target, 2 * kResultTextMax) &&
         shortText(step.digest, 64) && shortText(step.name, kResultTextMax) &&
         shortText(step.action, kResultTextMax) && shortText(step.where, kResultTextMax) &&
         jsonOrNothing(step.args_json) && step.tries >= 0 &&
         step.tries <= limits::kFlowStepTriesMax && step.timeout_ms >= 0 &&
         step.timeout_ms <= limits::kFlowSleepMsMax && step.cache_ms >= 0 &&
         step.cache_ms <= limits::kFlowCacheMsMax;
}

}  // namespace

TraceLevel levelOf(const script::Trace* trace) {
  if (trace == nullptr) return TraceLevel::None;
  return trace->details ? TraceLevel::Details : TraceLevel::Lines;
}

void packTask(Packer& out, const TaskHead& head, const Event& event) {
  out.u64(head.ruleset).u8(static_cast<uint8_t>(head.part)).u8(static_cast<uint8_t>(head.trace));
  out.u8(head.has_payload ? 1 : 0).u64(head.image_at).u64(head.image_bytes);
  out.text(head.payload_text);
  out.u64(event.id.uuid.hi).u64(event.id.uuid.lo);
  out.text(event.tenant).text(event.integration).text(event.source).text(event.type);
  out.i64(event.occurred_at_ms).i64(event.received_at_ms);
  out.text(event.resource.type).text(event.resource.id);
  out.text(event.actor_json).text(event.data_json).text(event.metadata_json);
}

bool readTask(Unpacker& in, TaskHead& head, Event& event) {
  head.ruleset = in.u64();
  head.part = static_cast<TaskPart>(in.u8());
  head.trace = static_cast<TraceLevel>(in.u8());
  head.has_payload = in.u8() != 0;
  head.image_at = in.u64();
  head.image_bytes = in.u64();
  head.payload_text = in.text();
  event.id.uuid.hi = in.u64();
  event.id.uuid.lo = in.u64();
  event.tenant = in.text();
  event.integration = in.text();
  event.source = in.text();
  event.type = in.text();
  event.occurred_at_ms = in.i64();
  event.received_at_ms = in.i64();
  event.resource.type = in.text();
  event.resource.id = in.text();
  event.actor_json = in.text();
  event.data_json = in.text();
  event.metadata_json = in.text();
  return in.ok();
}

void packTrace(Packer& out, TraceLevel level, const script::Trace& trace) {
  if (level != TraceLevel::None) pack(out, trace);
}

bool readTrace(Unpacker& in, TraceLevel level, script::Trace* trace) {
  if (level == TraceLevel::None) return in.ok();
  script::Trace read;
  unpack(in, read);
  for (const auto& mapped : read.mapped) {
    if (!possible(mapped.issues)) return false;
  }
  if (!in.ok()) return false;
  read.details = level == TraceLevel::Details;
  *trace = std::move(read);
  return true;
}

void packTaskResult(Packer& out, TaskPart part, TraceLevel level, const RuleTask& task) {
  if (part != TaskPart::Route) {
    pack(out, task.normalized.value);
    packError(out, task.normalized.error);
    if (task.normalized.value) packNormalized(out, *task.event);
  }
  if (part != TaskPart::Normalize) {
    packError(out, task.routed.error);
    pack(out, task.routed.value);
  }
  out.i64(task.fuel);
  if (level != TraceLevel::None) packTrace(out, level, *task.trace);
}

bool readTaskResult(Unpacker& in, TaskPart part, TraceLevel level, const RemoteRuleset& rules,
                    RuleTask& task) {
  if (part != TaskPart::Route) {
    unpack(in, task.normalized.value);
    if (!readError(in, task.normalized.error)) return false;
    if (task.normalized.value && !readNormalized(in, *task.event)) return false;
  }
  if (part != TaskPart::Normalize) {
    if (!readError(in, task.routed.error)) return false;
    unpack(in, task.routed.value);
    if (!in.ok() || !possible(rules, task.routed.value)) return false;
  }
  task.fuel = in.i64();
  return in.ok() && readTrace(in, level, task.trace);
}

bool readFlowRun(Unpacker& in, script::Ran<script::FlowRun>& ran) {
  if (!readError(in, ran.error)) return false;
  unpack(in, ran.value);
  const auto& wanted = ran.value.wanted;
  return in.ok() && jsonOrNothing(ran.value.result_json) &&
         wanted.size() <= limits::kFlowStepsMax &&
         std::all_of(wanted.begin(), wanted.end(), possibleStep);
}

void packConverted(Packer& out, const script::Ran<mapping::Converted>& ran) {
  packError(out, ran.error);
  out.text(mapping::toJson(ran.value.output));
  pack(out, ran.value.issues);
  pack(out, ran.value.origins);
}

bool readConverted(Unpacker& in, script::Ran<mapping::Converted>& ran) {
  if (!readError(in, ran.error)) return false;
  auto output = mapping::parseValue(in.text());
  unpack(in, ran.value.issues);
  unpack(in, ran.value.origins);
  if (!in.ok() || !output || !possible(ran.value.issues)) return false;
  ran.value.output = std::move(*output);
  return true;
}

}  // namespace junctor::isolation
