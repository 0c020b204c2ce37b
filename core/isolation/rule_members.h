#pragma once
// The members of what travels between the host and its rule workers, for packing.h.
#include <concepts>
#include <tuple>
#include <type_traits>

#include "model/catalog.h"
#include "model/event.h"
#include "model/step.h"
#include "script/flow.h"
#include "script/host.h"

namespace junctor::isolation {

template <class V, class T>
concept SameRule = std::same_as<std::remove_const_t<V>, T>;

auto membersOf(SameRule<RuleScript> auto& v) {
  return std::tie(v.tenant, v.name, v.source, v.version);
}
auto membersOf(SameRule<LookupTable> auto& v) {
  return std::tie(v.name, v.json);
}
auto membersOf(SameRule<script::RuleBudget> auto& v) {
  return std::tie(v.fuel, v.wall_ms, v.memory_bytes);
}
auto membersOf(SameRule<script::RuleProblem> auto& v) {
  return std::tie(v.script, v.message);
}
auto membersOf(SameRule<script::RuleError> auto& v) {
  return std::tie(v.rule, v.message, v.budget, v.changed);
}
auto membersOf(SameRule<script::RouteTarget> auto& v) {
  return std::tie(v.destination, v.route, v.rule_version, v.order_key, v.mapping, v.body_json,
                  v.problem, v.priority, v.latest_only);
}
auto membersOf(SameRule<script::Routed> auto& v) {
  return std::tie(v.targets, v.dropped, v.reason, v.route, v.rule_version);
}
auto membersOf(SameRule<mapping::Issue> auto& v) {
  return std::tie(v.kind, v.field, v.path, v.detail);
}
auto membersOf(SameRule<mapping::Origin> auto& v) {
  return std::tie(v.output, v.sources, v.field, v.index, v.transforms);
}
auto membersOf(SameRule<script::Trace::Read> auto& v) {
  return std::tie(v.path, v.value, v.times);
}
auto membersOf(SameRule<script::Trace::ClauseSeen> auto& v) {
  return std::tie(v.route, v.path, v.value, v.matched);
}
auto membersOf(SameRule<script::Trace::Mapped> auto& v) {
  return std::tie(v.destination, v.mapping, v.issues, v.origins);
}
auto membersOf(SameRule<script::Trace> auto& v) {
  return std::tie(v.lines, v.fuel, v.reads, v.clauses, v.hits, v.mapped);
}
auto membersOf(SameRule<script::FlowInfo> auto& v) {
  return std::tie(v.name, v.rule_version, v.retry_waits_ms, v.llm.tokens_per_day,
                  v.llm.money_micros_per_day);
}
auto membersOf(SameRule<Step> auto& v) {
  return std::tie(v.key, v.kind, v.target, v.digest, v.state, v.tries, v.started_at_ms,
                  v.ended_at_ms, v.due_at_ms, v.result_json, v.error);
}
auto membersOf(SameRule<script::FlowStep> auto& v) {
  return std::tie(v.key, v.kind, v.target, v.digest, v.name, v.action, v.args_json, v.where,
                  v.optional, v.tries, v.timeout_ms, v.cache_ms, v.since_key);
}
auto membersOf(SameRule<script::FlowRun> auto& v) {
  return std::tie(v.finished, v.result_json, v.wanted);
}
auto membersOf(SameRule<script::TestResult> auto& v) {
  return std::tie(v.script, v.name, v.passed, v.message, v.fuel);
}
auto membersOf(SameRule<script::ScriptCoverage> auto& v) {
  return std::tie(v.lines, v.hits);
}
auto membersOf(SameRule<script::TestReport> auto& v) {
  return std::tie(v.results, v.problems, v.coverage, v.absent);
}

}  // namespace junctor::isolation
