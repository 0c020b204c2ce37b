// `junctor rule repl`: Lua in the sandbox against one event, and the tenant's rules on demand.
#include <fmt/core.h>

#include <iostream>

#include "app/cli_check.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "app/cli_rule_event.h"
#include "base/json_value.h"

namespace junctor::app {
namespace {

const char* const kHelp =
    "An expression is evaluated with `ev` (the payload) and `ctx`: ev.ticket.subject, "
    "jn.id(ev.id)\n"
    "  :event FILE|evt_…   take another event      :type T  :source S   of a bare payload\n"
    "  :run                the event through the rules      :reload   read the rules again\n"
    "  :help  :quit";

class Repl {
 public:
  Repl(const CliContext& context, RuleRunOptions options)
      : context_(context), options_(std::move(options)) {}

  Result<int> run() {
    JUNCTOR_CHECK(reload());
    if (!options_.event.empty()) JUNCTOR_CHECK(takeEvent(options_.event));
    talk(kHelp);
    std::string line;
    while (prompt(), std::getline(std::cin, line)) {
      if (line == ":quit" || line == ":q") break;
      if (line.empty()) continue;
      const auto done = line.front() == ':' ? command(line) : evaluate(line);
      if (!done) talk(paint(visible(done.error().message), Paint::Red));
    }
    return kExitOk;
  }

 private:
  static void prompt() { fmt::print(stderr, "> "); }

  Result<void> reload() {
    config::Problems problems;
    JUNCTOR_TRY(tenant_, readRulePath(options_.path, problems));
    std::vector<std::string> wrong;
    surroundings_ = flow::surroundingsOf(tenant_, readShippedMappings(problems), wrong);
    printProblems(problems);
    JUNCTOR_TRY(rules_, script::compileRules(tenant_.rules, surroundings_));
    return {};
  }

  Result<void> takeEvent(const std::string& name) {
    options_.event = name;
    JUNCTOR_TRY(const Json json, readEvent(context_, name));
    event_ = eventFrom(json, options_, payload_);
    return {};
  }

  Result<void> command(const std::string& line) {
    const size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (word == ":event") return takeEvent(rest);
    if (word == ":reload") return reload();
    if (word == ":type" || word == ":source") {
      (word == ":type" ? event_.type : event_.source) = rest;
      return {};
    }
    if (word == ":run") return runRules();
    talk(kHelp);
    return {};
  }

  Result<void> runRules() {
    JsonDoc document;
    JUNCTOR_TRY(const JsonView view, document.parse(payload_));
    printRuleRun(*rules_, event_, view);
    return {};
  }

  // As the body of a normalizer: first as an expression, then as statements.
  Result<void> evaluate(const std::string& line) {
    const auto around = [](const std::string& body) {
      return "return jn.normalize { accepts = {}, event = function(ev, ctx) " + body + "\nend }";
    };
    auto compiled = script::compileRules(
        {{"", "repl", around("return { it = (" + line + ") }"), "1"}}, surroundings_);
    if (!compiled) {
      compiled = script::compileRules({{"", "repl", around(line), "1"}}, surroundings_);
    }
    if (!compiled) return compiled.error();
    JsonDoc document;
    JUNCTOR_TRY(const JsonView view, document.parse(payload_));
    Event event = event_;
    script::Trace trace;
    const auto ran = script::makeRuleRunner()->normalize(**compiled, event, view, &trace);
    for (const std::string& logged : trace.lines) {
      if (logged.starts_with("log: ")) print(visible(logged));
    }
    if (ran.error) return invalidArgument(ran.error->message);
    constexpr std::string_view kIt = R"({"it":)";
    if (!ran.value || event.data_json == "{}") {
      print("nil");
    } else if (event.data_json.starts_with(kIt)) {
      print(visible(event.data_json.substr(kIt.size(), event.data_json.size() - kIt.size() - 1)));
    } else {
      print(visible(event.data_json));
    }
    return {};
  }

  const CliContext& context_;
  RuleRunOptions options_;
  Tenant tenant_;
  script::Surroundings surroundings_;
  script::RulesetPtr rules_;
  Event event_;
  std::string payload_ = "{}";
};

}  // namespace

Result<int> ruleRepl(const CliContext& context, const RuleRunOptions& options) {
  return Repl(context, options).run();
}

}  // namespace junctor::app
