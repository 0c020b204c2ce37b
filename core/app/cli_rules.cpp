#include "app/cli_check.h"
#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "script/rules.h"

namespace junctor::app {
namespace {

// What may be named on the command line: a tenant folder, or one script.
Result<Tenant> readPath(const std::string& path, config::Problems& problems) {
  if (isFolder(path)) return config::loadTenantFolder(path, problems);
  JUNCTOR_TRY(std::string source, readFile(path, limits::kConfigFileBytesMax));
  std::string name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".lua")) name.resize(name.size() - 4);
  Tenant tenant;
  const std::string version = crypto::sha256Hex(source).substr(0, 12);
  tenant.rules.push_back({"", name, std::move(source), version});
  return tenant;
}

// A script on its own has no destinations to be checked against.
void checkPath(const std::string& path, const Tenant& tenant, config::Problems& problems) {
  if (isFolder(path)) {
    checkRules(tenant, problems);
  } else if (const auto compiled = script::compileRules(tenant.rules); !compiled) {
    problems.push_back({path, 0, "", compiled.error().message});
  }
}

int64_t numberOr(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

std::string jsonOr(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? "" : dumpJson(*found);
}

// An event as `events show` prints it; any other object is taken for a payload.
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

struct RunResult {
  Event event;
  bool normalized = false;
  script::Routed routed;
  std::optional<script::RuleError> error;
  script::Trace trace;
};

RunResult runRules(const script::Ruleset& rules, Event event, JsonView payload) {
  RunResult result;
  const auto runner = script::makeRuleRunner();
  auto normalized = runner->normalize(rules, event, payload, &result.trace);
  result.normalized = normalized.value;
  result.error = normalized.error;
  if (!result.error) {
    auto routed = runner->route(rules, event, payload, &result.trace);
    result.routed = std::move(routed.value);
    result.error = routed.error;
  }
  result.event = std::move(event);
  return result;
}

Json resultJson(const RunResult& result) {
  Json targets = Json::array();
  for (const script::RouteTarget& target : result.routed.targets) {
    targets.push_back({{"destination", target.destination},
                       {"route", target.route},
                       {"rule_version", target.rule_version},
                       {"order_key", target.order_key}});
  }
  Json out = {{"type", result.event.type}, {"normalized", result.normalized}};
  out["data"] = nullptr;
  if (auto data = parseJson(result.event.data_json)) out["data"] = std::move(*data);
  out["targets"] = std::move(targets);
  out["dropped"] = result.routed.dropped;
  out["reason"] = result.routed.reason;
  out["error"] = nullptr;
  if (result.error) out["error"] = {{"rule", result.error->rule}, {"text", result.error->message}};
  out["trace"] = result.trace.lines;
  out["fuel"] = result.trace.fuel;
  return out;
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
  }
  if (result.routed.targets.empty() && !result.error) {
    print(fmt::format("{:<12} {}", result.routed.dropped ? "dropped" : "filtered",
                      visible(result.routed.reason)));
  }
  print(fmt::format("{:<12} {}", "fuel", result.trace.fuel));
  if (result.error) {
    talk(paint(visible(result.error->rule + ": " + result.error->message), Paint::Red));
  }
}

}  // namespace

Result<int> ruleCheck(const CliContext& context, const std::vector<std::string>& paths) {
  config::Problems problems;
  Json checked = Json::array();
  for (const std::string& path : paths) {
    JUNCTOR_TRY(const Tenant tenant, readPath(path, problems));
    checkPath(path, tenant, problems);
    for (const RuleScript& rule : tenant.rules) {
      checked.push_back({{"name", rule.name}, {"version", rule.version}});
    }
  }
  printProblems(problems);
  if (context.json) {
    Json list = Json::array();
    for (const auto& problem : problems) list.push_back(config::format(problem));
    printJson({{"ok", problems.empty()}, {"rules", checked}, {"problems", list}});
  } else if (problems.empty()) {
    for (const Json& rule : checked)
      print(cell(rule, "name") + "@" + cell(rule, "version") + " ok");
    if (checked.empty()) talk("no rule scripts there");
  }
  return problems.empty() ? kExitOk : kExitFinding;
}

Result<int> ruleRun(const CliContext& context, const RuleRunOptions& options) {
  if (options.event.empty()) return invalidArgument("name an event: an id (evt_…) or a JSON file");
  config::Problems problems;
  JUNCTOR_TRY(const Tenant tenant, readPath(options.path, problems));
  printProblems(problems);
  if (!problems.empty()) return kExitConfig;
  JUNCTOR_TRY(const script::RulesetPtr rules, script::compileRules(tenant.rules));
  JUNCTOR_TRY(const Json json, readEvent(context, options.event));
  std::string payload;
  Event event = eventFrom(json, options, payload);
  JsonDoc document;
  JUNCTOR_TRY(const JsonView view, document.parse(payload));
  const RunResult result = runRules(*rules, std::move(event), view);
  if (context.json) {
    printJson(resultJson(result));
  } else {
    printResult(result);
  }
  return result.error ? kExitFinding : kExitOk;
}

}  // namespace junctor::app
