#include <fmt/core.h>

#include <map>
#include <set>

#include "app/cli_check.h"
#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "app/cli_rule_event.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "config/suggest.h"
#include "script/lint.h"

namespace junctor::app {
namespace {

// A script on its own has no destinations to be checked against.
flow::TenantCheck checkPath(const std::string& path, const Tenant& tenant,
                            config::Problems& problems, bool coverage) {
  if (isFolder(path)) return checkRules(tenant, problems, coverage);
  flow::TenantCheck check;
  std::vector<std::string> wrong;
  const auto compiled = script::compileRules(
      tenant.rules, flow::surroundingsOf(tenant, readShippedMappings(problems), wrong));
  if (!compiled) {
    problems.push_back({path, 0, "", compiled.error().message});
    return check;
  }
  check.rules = *compiled;
  check.tests = script::runTests(*check.rules, tenant.tests, coverage);
  for (const std::string& problem : check.tests.problems) {
    problems.push_back({path, 0, "", problem});
  }
  return check;
}

std::string rangesOf(const script::ScriptCoverage& coverage) {
  std::string text;
  int first = 0;
  int last = 0;
  const auto flush = [&] {
    if (first == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(first);
    if (last > first) text += "-" + std::to_string(last);
  };
  for (const int line : coverage.lines) {
    if (coverage.hits.contains(line)) {
      flush();
      first = 0;
    } else if (first != 0) {
      last = line;
    } else {
      first = last = line;
    }
  }
  flush();
  return text;
}

Json reportJson(const script::TestReport& report) {
  Json tests = Json::array();
  for (const script::TestResult& test : report.results) {
    tests.push_back({{"script", test.script},
                     {"name", test.name},
                     {"passed", test.passed},
                     {"message", test.message},
                     {"fuel", test.fuel}});
  }
  Json coverage = Json::object();
  for (const auto& [label, one] : report.coverage) {
    coverage[label] = {
        {"lines", one.lines.size()}, {"covered", one.covered()}, {"uncovered", rangesOf(one)}};
  }
  Json absent = Json::array();
  for (const auto& read : report.absent) absent.push_back(read.path);
  return {{"tests", tests}, {"coverage", coverage}, {"absent", absent}};
}

void printReport(const script::TestReport& report) {
  for (const script::TestResult& test : report.results) {
    print((test.passed ? paint("ok", Paint::Green) : paint("FAILED", Paint::Red)) + " " +
          visible(test.script + ": " + test.name));
    if (!test.passed) talk("  " + visible(test.message));
  }
  for (const auto& [label, one] : report.coverage) {
    if (one.lines.empty()) continue;
    const size_t percent = one.covered() * 100 / one.lines.size();
    const std::string missing = rangesOf(one);
    print(fmt::format("coverage {} {}% ({} of {} lines){}", label, percent, one.covered(),
                      one.lines.size(), missing.empty() ? "" : "; not run: " + missing));
  }
  std::string absent;
  for (const auto& read : report.absent) absent += " " + read.path;
  if (!absent.empty()) print("read, and never there:" + visible(absent));
}

}  // namespace

Result<int> ruleTest(const CliContext& context, const std::vector<std::string>& paths) {
  bool passed = true;
  Json all = Json::array();
  for (const std::string& path : paths) {
    config::Problems problems;
    JUNCTOR_TRY(const Tenant tenant, readRulePath(path, problems));
    const flow::TenantCheck check = checkPath(path, tenant, problems, true);
    printProblems(problems);
    const bool none = problems.empty() && check.tests.results.empty();
    if (none) talk(path + ": there are no tests; write tests/<name>.lua or <rule>_test.lua");
    passed = passed && problems.empty() && check.tests.passed() && !none;
    if (context.json) {
      all.push_back(reportJson(check.tests));
    } else {
      printReport(check.tests);
    }
  }
  if (context.json) printJson({{"ok", passed}, {"paths", all}});
  return passed ? kExitOk : kExitFinding;
}

namespace {

// What is there where a field was looked for and not found, over all samples.
class Misspelt {
 public:
  void add(const script::Trace& trace, const Json& payload, const Json& data) {
    for (const auto& read : trace.reads) {
      bool& found = found_[read.path];
      found = found || !read.value.empty();
      const size_t dot = read.path.rfind('.');
      const std::string parent = dot == std::string::npos ? "" : read.path.substr(0, dot);
      for (const Json* root : {&payload, &data}) {
        if (const Json* at = walk(*root, parent)) {
          for (const auto& [key, value] : at->items()) siblings_[read.path].insert(key);
        }
      }
    }
  }

  void report(const std::string& file, config::Problems& problems) const {
    for (const auto& [path, found] : found_) {
      const auto siblings = siblings_.find(path);
      if (found || siblings == siblings_.end()) continue;
      const std::string name = path.substr(path.rfind('.') + 1);
      const std::vector<std::string> known(siblings->second.begin(), siblings->second.end());
      const std::string hint = config::didYouMean(name, known);
      if (!hint.empty()) problems.push_back({file, 0, path, "no event has this field" + hint});
    }
  }

 private:
  static const Json* walk(const Json& root, const std::string& path) {
    const Json* at = &root;
    for (size_t start = 0; start < path.size();) {
      const size_t dot = std::min(path.find('.', start), path.size());
      const std::string key = path.substr(start, dot - start);
      start = dot + 1;
      const bool list = at->is_array() && !at->empty();
      if (list) {
        at = &at->front();
        continue;
      }
      if (!at->is_object() || !at->contains(key)) return nullptr;
      at = &(*at)[key];
    }
    return at->is_object() ? at : nullptr;
  }

  std::map<std::string, bool> found_;
  std::map<std::string, std::set<std::string>> siblings_;
};

// The newest stored events, each through the rules, traced.
Result<void> runSamples(const CliContext& context, const script::Ruleset& rules, int samples,
                        const std::string& path, config::Problems& problems) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  const std::string base = "/v1/tenants/" + percentEncode(tenant) + "/events";
  JUNCTOR_TRY(const auto events, client.list(base, static_cast<size_t>(samples)));
  Misspelt misspelt;
  const auto runner = script::makeRuleRunner();
  for (const Json& listed : events) {
    JUNCTOR_TRY(const Json json, client.get(base + "/" + percentEncode(cell(listed, "id"))));
    std::string payload;
    Event event = eventFrom(json, {}, payload);
    JsonDoc document;
    const auto view = document.parse(payload);
    if (!view) continue;
    script::Trace trace;
    trace.details = true;
    const auto ran = runner->normalize(rules, event, *view, &trace);
    if (!ran.error) (void)runner->route(rules, event, *view, &trace);
    const auto data = parseJson(event.data_json);
    const auto root = parseJson(payload);
    misspelt.add(trace, root ? *root : Json(), data ? *data : Json());
  }
  misspelt.report(path, problems);
  return {};
}

}  // namespace

Result<int> ruleCheck(const CliContext& context, const std::vector<std::string>& paths,
                      int samples) {
  config::Problems problems;
  Json checked = Json::array();
  for (const std::string& path : paths) {
    JUNCTOR_TRY(const Tenant tenant, readRulePath(path, problems));
    const flow::TenantCheck check = checkPath(path, tenant, problems, false);
    if (check.rules) {
      for (const auto& found : script::lintRules(*check.rules)) {
        problems.push_back({path, 0, "", found.message});
      }
    }
    if (check.rules && samples > 0) {
      JUNCTOR_CHECK(runSamples(context, *check.rules, samples, path, problems));
    }
    for (const auto* scripts : {&tenant.rules, &tenant.tests}) {
      for (const RuleScript& script : *scripts) {
        checked.push_back({{"name", script.name}, {"version", script.version}});
      }
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

Result<int> ruleApi(const CliContext& context, bool luacheckrc) {
  if (luacheckrc) {
    std::string text = script::luacheckrc();
    text.pop_back();  // print() ends the line
    print(text);
    return kExitOk;
  }
  Json all = Json::object();
  for (const auto& [library, names] : script::ruleApi()) {
    all[library.empty() ? "globals" : library] = names;
    std::string line;
    for (const std::string& name : names) line += " " + name;
    if (!context.json) print((library.empty() ? "globals" : library) + ":" + line);
  }
  if (context.json) printJson(all);
  return kExitOk;
}

}  // namespace junctor::app
