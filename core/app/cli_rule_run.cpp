#include <fmt/core.h>
#include <fmt/ranges.h>

#include "app/cli_check.h"
#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "app/cli_rule_event.h"
#include "app/cli_rule_steps.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/json_value.h"

namespace junctor::app {
namespace {

int64_t numberOr(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

std::string jsonOr(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? "" : dumpJson(*found);
}

struct RunResult {
  Event event;
  int64_t us = 0;
  bool normalized = false;
  script::Routed routed;
  std::vector<ToldStep> steps;
  std::vector<ToldFlow> flows;
  std::optional<script::RuleError> error;
  script::Trace trace;
};

// The flows that start, as far as their steps are answered.
void startFlows(script::RuleRunner& runner, const script::Ruleset& rules, const Event& event,
                JsonView payload, const StepAnswers& answers, RunResult& result) {
  for (const script::RouteTarget& target : result.routed.targets) {
    const script::FlowInfo* flow = rules.flow(target.route, target.rule_version);
    if (!isFlow(target.destination) || !flow || result.error) continue;
    result.flows.push_back(
        answers.run(runner, rules, *flow, event, payload, result.trace, result.steps));
    result.error = result.flows.back().error;
  }
}

RunResult runRules(const script::Ruleset& rules, Event event, JsonView payload,
                   const StepAnswers& answers) {
  RunResult result;
  result.trace.details = true;
  const auto runner = script::makeRuleRunner();
  const int64_t started_ns = systemClock().monotonicNs();
  auto normalized = runner->normalize(rules, event, payload, &result.trace);
  result.normalized = normalized.value;
  result.error = normalized.error;
  if (!result.error) {
    auto routed = runner->route(rules, event, payload, &result.trace);
    result.routed = std::move(routed.value);
    result.error = routed.error;
  }
  if (!result.error) startFlows(*runner, rules, event, payload, answers, result);
  result.us = (systemClock().monotonicNs() - started_ns) / 1000;
  result.event = std::move(event);
  return result;
}

// Paths of the scalars in what was made: "data.requester.email".
void leaves(const Json& value, const std::string& path, std::vector<std::string>& out) {
  if (!value.is_object() || value.empty()) return out.push_back(path);
  for (const auto& [key, member] : value.items()) leaves(member, path + "." + key, out);
}

std::vector<std::string> writtenBy(const RunResult& result) {
  std::vector<std::string> paths;
  if (!result.normalized) return paths;
  if (const auto data = parseJson(result.event.data_json)) leaves(*data, "data", paths);
  return paths;
}

Json traceJson(const RunResult& result) {
  Json reads = Json::array();
  for (const auto& read : result.trace.reads) {
    reads.push_back({{"path", read.path},
                     {"value", read.value},
                     {"absent", read.value.empty()},
                     {"times", read.times}});
  }
  Json clauses = Json::array();
  for (const auto& clause : result.trace.clauses) {
    clauses.push_back({{"route", clause.route},
                       {"path", clause.path},
                       {"value", clause.value},
                       {"matched", clause.matched}});
  }
  Json hits = Json::object();
  for (const auto& [script, lines] : result.trace.hits) {
    for (const auto& [line, times] : lines) hits[script][std::to_string(line)] = times;
  }
  Json mapped = Json::array();
  for (const auto& one : result.trace.mapped) {
    Json provenance = Json::array();
    for (const auto& origin : one.origins) {
      provenance.push_back({{"output", origin.output},
                            {"sources", origin.sources},
                            {"field", origin.field},
                            {"transforms", origin.transforms}});
    }
    Json issues = Json::array();
    for (const auto& issue : one.issues) {
      issues.push_back({{"kind", mapping::nameOf(issue.kind)},
                        {"field", issue.field},
                        {"path", issue.path},
                        {"detail", issue.detail}});
    }
    mapped.push_back({{"destination", one.destination},
                      {"mapping", one.mapping},
                      {"provenance", std::move(provenance)},
                      {"issues", std::move(issues)}});
  }
  return {{"reads", reads},
          {"clauses", clauses},
          {"lines", hits},
          {"mapped", mapped},
          {"written", writtenBy(result)}};
}

Json resultJson(const RunResult& result) {
  Json targets = Json::array();
  for (const script::RouteTarget& target : result.routed.targets) {
    targets.push_back({{"destination", target.destination},
                       {"route", target.route},
                       {"rule_version", target.rule_version},
                       {"order_key", target.order_key},
                       {"mapping", target.mapping},
                       {"body", target.body_json.empty() ? Json() : *parseJson(target.body_json)},
                       {"problem", target.problem}});
  }
  Json out = {{"type", result.event.type}, {"normalized", result.normalized}};
  out["data"] = nullptr;
  if (auto data = parseJson(result.event.data_json)) out["data"] = std::move(*data);
  out["targets"] = std::move(targets);
  out["dropped"] = result.routed.dropped;
  out["reason"] = result.routed.reason;
  writeFlows(out, result.flows, result.steps);
  out["error"] = nullptr;
  if (result.error) out["error"] = {{"rule", result.error->rule}, {"text", result.error->message}};
  out["trace"] = result.trace.lines;
  out["fuel"] = result.trace.fuel;
  out["us"] = result.us;
  out.update(traceJson(result));
  return out;
}

void printTrace(const RunResult& result) {
  for (const auto& clause : result.trace.clauses) {
    print(fmt::format("{:<12} {}: {} is {}", clause.matched ? "matched" : "not", clause.route,
                      clause.path, visible(clause.value)));
  }
  for (const auto& read : result.trace.reads) {
    print(fmt::format("{:<12} {} {}", "read", visible(read.path),
                      read.value.empty() ? paint("absent", Paint::Yellow) : visible(read.value)));
  }
  for (const std::string& path : writtenBy(result)) {
    print(fmt::format("{:<12} {}", "written", visible(path)));
  }
  for (const auto& [script, lines] : result.trace.hits) {
    std::vector<std::string> list;
    for (const auto& [line, times] : lines) {
      list.push_back(times == 1 ? std::to_string(line) : fmt::format("{}x{}", line, times));
    }
    print(fmt::format("{:<12} {}: {}", "lines", script, fmt::join(list, " ")));
  }
  for (const auto& one : result.trace.mapped) {
    for (const auto& origin : one.origins) {
      print(fmt::format("{:<12} {} <- {} ({})", "mapped", visible(origin.output),
                        visible(fmt::format("{}", fmt::join(origin.sources, " + "))), one.mapping));
    }
  }
}

void printResult(const RunResult& result) {
  print(fmt::format("{:<12} {}", "type", visible(result.event.type)));
  if (result.normalized)
    print(fmt::format("{:<12} {}", "normalized", visible(result.event.data_json)));
  for (const std::string& line : result.trace.lines)
    print(fmt::format("{:<12} {}", "trace", visible(line)));
  for (const script::RouteTarget& target : result.routed.targets) {
    print(fmt::format("{:<12} {} (route {}, {})", "to", target.destination, target.route,
                      target.rule_version));
    if (!target.body_json.empty())
      print(fmt::format("{:<12} {}", "body", visible(target.body_json)));
    if (!target.problem.empty()) talk(paint(visible(target.problem), Paint::Red));
  }
  printFlows(result.flows, result.steps);
  printTrace(result);
  if (result.routed.targets.empty() && !result.error) {
    print(fmt::format("{:<12} {}", result.routed.dropped ? "dropped" : "filtered",
                      visible(result.routed.reason)));
  }
  print(fmt::format("{:<12} {} in {} us (traced)", "fuel", result.trace.fuel, result.us));
  if (result.error) {
    talk(paint(visible(result.error->rule + ": " + result.error->message), Paint::Red));
  }
}

}  // namespace

Event eventFrom(const Json& json, const RuleRunOptions& options, std::string& payload) {
  Event event;
  const bool whole = json.is_object() && json.contains("payload") && json.contains("type");
  if (whole) {
    event.type = cell(json, "type");
    event.source = cell(json, "source");
    event.tenant = cell(json, "tenant");
    event.integration = cell(json, "integration");
    event.actor_json = jsonOr(json, "actor");
    event.data_json = jsonOr(json, "data");
    event.metadata_json = jsonOr(json, "metadata");
    const Json resource = json.value("resource", Json::object());
    event.resource = {cell(resource, "type"), cell(resource, "id")};
    if (const auto id = EventId::parse(cell(json, "id"))) event.id = *id;
    event.received_at_ms = numberOr(json, "received_at_ms");
  }
  payload = whole ? dumpJson(json["payload"]) : dumpJson(json);
  if (!options.type.empty()) event.type = options.type;
  if (!options.source.empty()) event.source = options.source;
  return event;
}

Result<Json> readEvent(const CliContext& context, const std::string& name) {
  if (!name.starts_with("evt_")) {
    JUNCTOR_TRY(const std::string text, readFile(name));
    return parseJson(text);
  }
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string owner, client.owner("events", name));
  return client.get(owner + "/events/" + percentEncode(name));
}

bool printRuleRun(const script::Ruleset& rules, Event event, JsonView payload) {
  const RunResult result = runRules(rules, std::move(event), payload, StepAnswers());
  printResult(result);
  return !result.error;
}

Result<int> ruleRun(const CliContext& context, const RuleRunOptions& options) {
  if (options.event.empty()) return invalidArgument("name an event: an id (evt_…) or a JSON file");
  config::Problems problems;
  JUNCTOR_TRY(const Tenant tenant, readRulePath(options.path, problems));
  std::vector<std::string> mapping_problems;
  const auto surroundings =
      flow::surroundingsOf(tenant, readShippedMappings(problems), mapping_problems);
  for (const std::string& problem : mapping_problems) {
    problems.push_back({options.path, 0, "", problem});
  }
  printProblems(problems);
  if (!problems.empty()) return kExitConfig;
  JUNCTOR_TRY(const script::RulesetPtr rules, script::compileRules(tenant.rules, surroundings));
  JUNCTOR_TRY(const StepAnswers answers, StepAnswers::read(options.answers));
  JUNCTOR_TRY(const Json json, readEvent(context, options.event));
  std::string payload;
  Event event = eventFrom(json, options, payload);
  JsonDoc document;
  JUNCTOR_TRY(const JsonView view, document.parse(payload));
  const RunResult result = runRules(*rules, std::move(event), view, answers);
  if (context.json) {
    printJson(resultJson(result));
  } else {
    printResult(result);
  }
  return result.error ? kExitFinding : kExitOk;
}

}  // namespace junctor::app
