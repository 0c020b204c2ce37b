#pragma once
// One event for rules that run on the command line.
#include <string>

#include "app/cli_commands.h"
#include "script/rules.h"

namespace junctor::app {

// A JSON file, or an event of the running server by its id.
Result<Json> readEvent(const CliContext& context, const std::string& name);
// An event as `events show` prints it; any other object is taken for a payload. `payload` gets the
// payload as JSON.
Event eventFrom(const Json& json, const RuleRunOptions& options, std::string& payload);
// Runs the rules, traced, and prints what they did. True: without an error.
bool printRuleRun(const script::Ruleset& rules, Event event, JsonView payload);

}  // namespace junctor::app
