#pragma once
// What compiles and is doubtful all the same, found without running handlers; and the names that
// rules may use, from the sandbox itself.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "script/rules.h"

namespace junctor::script {

// Globals that are read, exist nowhere and are written nowhere; routes that no event can reach
// because one before them ends the table for all that they match.
std::vector<RuleProblem> lintRules(const Ruleset& rules);

// "" -> global functions, "string" -> …, "jn" -> …, "t" -> what tests are given,
// "f" -> the steps of flows.
std::map<std::string, std::set<std::string>> ruleApi();
// The same names as a .luacheckrc.
std::string luacheckrc();

}  // namespace junctor::script
