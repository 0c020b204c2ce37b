#include "app/cli_rule_versions.h"

#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <map>

#include "app/cli_client.h"
#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::app {
namespace {

Result<std::string> ruleTarget(AdminClient& client, const std::string& name) {
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  return "/v1/tenants/" + percentEncode(tenant) + "/rules/" + percentEncode(name);
}

// Refused by the server: all that is wrong, one line each.
Result<int> told(AdminClient& client, const CliContext& context, const Result<Json>& answer) {
  if (!answer) {
    for (const std::string& problem : client.problems()) talk(visible(problem));
    return answer.error();
  }
  if (context.json) {
    printJson(*answer);
  } else {
    for (const Json& change : answer->value("changes", Json::array())) {
      print(visible(change.get<std::string>()));
    }
  }
  return kExitOk;
}

// "7d", "12h", "30m" before now; anything else is a time for the server to read.
std::string sinceText(const std::string& text) {
  if (text.empty()) return "";
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool suffixed = error == std::errc() && end == text.data() + text.size() - 1;
  const std::map<char, int64_t> units = {{'d', 86'400'000}, {'h', 3'600'000}, {'m', 60'000}};
  const auto unit = units.find(text.back());
  if (!suffixed || unit == units.end()) return text;
  return std::to_string(systemClock().unixMs() - count * unit->second);
}

void printPaths(const Json& paths) {
  Table table({"PATH", "EVENTS", "BEFORE", "AFTER", "EXAMPLE"});
  for (const Json& path : paths) {
    table.row({cell(path, "path"), cell(path, "events"), clipped(cell(path, "before"), 40),
               clipped(cell(path, "after"), 40), path.at("examples").front().get<std::string>()});
  }
  table.print();
}

void printComparison(const Json& report) {
  print(fmt::format("{} events, {} would change; errors {} -> {}; fuel at most {} -> {}",
                    cell(report, "events"), cell(report, "changed"), cell(report, "errors_before"),
                    cell(report, "errors_after"), cell(report, "fuel_before"),
                    cell(report, "fuel_after")));
  printPaths(report.at("paths"));
}

// Adds a page's counts to the total; examples are the newest event's.
void add(Json& total, const Json& page) {
  for (const char* key : {"events", "changed", "errors_before", "errors_after"}) {
    total[key] = total.value(key, int64_t{0}) + page.value(key, int64_t{0});
  }
  for (const char* key : {"fuel_before", "fuel_after"}) {
    total[key] = std::max(total.value(key, int64_t{0}), page.value(key, int64_t{0}));
  }
  for (const Json& path : page.at("paths")) {
    bool known = false;
    for (Json& one : total["paths"]) {
      if (one["path"] != path["path"]) continue;
      one["events"] = one.value("events", int64_t{0}) + path.value("events", int64_t{0});
      known = true;
    }
    if (!known) total["paths"].push_back(path);
  }
}

void showProgress(const Json& total, const Json& page) {
  if (::isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r{} events compared, back to {}  ", cell(total, "events"),
             shortTime(cell(page, "oldest")));
}

}  // namespace

Result<int> ruleVersions(const CliContext& context, const RuleVersionOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string target, ruleTarget(client, options.name));
  JUNCTOR_TRY(const Json answer, client.get(target + "/versions"));
  if (context.json) {
    printJson({{"items", answer.at("data")}});
    return kExitOk;
  }
  Table table({"VERSION", "STATE", "CREATED", "LIVE", "RETIRED", "NOTE"});
  for (const Json& version : answer.at("data")) {
    const std::string state = cell(version, "state");
    table.row({cell(version, "version"), state, shortTime(cell(version, "created_at")),
               shortTime(cell(version, "live_at")), shortTime(cell(version, "retired_at")),
               clipped(cell(version, "note"), 60)},
              state == "live" ? Paint::Green : Paint::Plain);
  }
  table.print();
  if (table.size() == 0) talk("there is no version of '" + visible(options.name) + "'");
  return table.size() > 0 ? kExitOk : kExitFinding;
}

Result<int> ruleDraft(const CliContext& context, const RuleVersionOptions& options) {
  JUNCTOR_TRY(const std::string source, readFile(options.file, limits::kRuleSourceBytesMax));
  std::string name = options.name;
  if (name.empty()) {
    name = options.file.substr(options.file.rfind('/') + 1);
    if (name.ends_with(".lua")) name.resize(name.size() - 4);
  }
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string target, ruleTarget(client, name));
  const Json body = {{"source", source}, {"note", options.note}};
  JUNCTOR_TRY(const Json answer, client.post(target + "/versions", body));
  const bool fit = answer.at("problems").empty();
  if (context.json) {
    printJson(answer);
  } else {
    print(fmt::format("{}@{} kept as a draft", name, cell(answer, "version")));
    for (const Json& problem : answer.at("problems")) talk(visible(problem.get<std::string>()));
    if (!fit) talk("it cannot go live like that");
  }
  return fit ? kExitOk : kExitFinding;
}

Result<int> rulePublish(const CliContext& context, const RuleVersionOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string target, ruleTarget(client, options.name));
  const Json body = {{"version", options.version}, {"as", options.shadow ? "shadow" : "live"}};
  return told(client, context, client.post(target + "/publish", body));
}

Result<int> ruleRollback(const CliContext& context, const RuleVersionOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string target, ruleTarget(client, options.name));
  return told(client, context, client.post(target + "/rollback"));
}

Result<int> ruleRetire(const CliContext& context, const RuleVersionOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string target, ruleTarget(client, options.name));
  return told(client, context, client.remove(target));
}

Result<int> ruleShadow(const CliContext& context, const RuleVersionOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  if (options.end) {
    if (options.name.empty()) return invalidArgument("whose shadow run? name the script");
    JUNCTOR_TRY(const std::string target, ruleTarget(client, options.name));
    return told(client, context, client.remove(target + "/shadow"));
  }
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  JUNCTOR_TRY(const Json report, client.get("/v1/tenants/" + percentEncode(tenant) + "/shadow"));
  if (context.json) {
    printJson(report);
  } else if (cell(report, "rules").empty()) {
    talk("no shadow has seen an event yet");
  } else {
    print(fmt::format("{} since {}", cell(report, "rules"), shortTime(cell(report, "since"))));
    printComparison(report);
  }
  return kExitOk;
}

Result<int> ruleCompare(const CliContext& context, const RuleVersionOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string target, ruleTarget(client, options.name));
  Json body = {{"version", options.version},
               {"against", options.against},
               {"since", sinceText(options.since)},
               {"cursor", ""}};
  Json total = {{"events", 0}, {"changed", 0}, {"errors_before", 0}, {"errors_after", 0}};
  total["paths"] = Json::array();
  do {
    JUNCTOR_TRY(const Json page, client.post(target + "/compare", body));
    add(total, page);
    showProgress(total, page);
    body["cursor"] = cell(page, "next_cursor");
  } while (!cell(body, "cursor").empty());
  if (::isatty(STDERR_FILENO) != 0) talk("");
  if (context.json) {
    printJson(total);
  } else {
    printComparison(total);
  }
  return kExitOk;
}

namespace {

Result<std::string> mappingTarget(AdminClient& client, const std::string& name) {
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  const std::string all = "/v1/tenants/" + percentEncode(tenant) + "/mappings";
  if (name.empty()) return all;
  const size_t slash = name.find('/');
  if (slash == std::string::npos) return invalidArgument("a mapping is named connector/object");
  return all + "/" + percentEncode(name.substr(0, slash)) + "/" +
         percentEncode(name.substr(slash + 1));
}

}  // namespace

Result<int> mappingGet(const CliContext& context, const std::string& name) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string target, mappingTarget(client, name));
  JUNCTOR_TRY(const Json answer, client.get(target));
  if (!name.empty() || context.json) {
    printJson(name.empty() ? Json{{"items", answer.at("data")}} : answer);
    return kExitOk;
  }
  Table table({"MAPPING", "THEIRS", "FROM", "HASH", "FIELDS"});
  for (const Json& one : answer.at("data")) {
    table.row({cell(one, "name"), cell(one, "external"), cell(one, "from"), cell(one, "hash"),
               cell(one, "fields")});
  }
  table.print();
  return kExitOk;
}

Result<int> mappingPut(const CliContext& context, const std::string& name,
                       const std::string& file) {
  if (name.empty()) return invalidArgument("which mapping? connector/object");
  JUNCTOR_TRY(std::string text, readFile(file, limits::kMappingBytesMax));
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string target, mappingTarget(client, name));
  return told(client, context, client.put(target, std::move(text)));
}

Result<int> mappingRemove(const CliContext& context, const std::string& name) {
  if (name.empty()) return invalidArgument("which mapping? connector/object");
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string target, mappingTarget(client, name));
  return told(client, context, client.remove(target));
}

}  // namespace junctor::app
