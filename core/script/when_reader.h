#pragma once
// Reads `when` and `accepts` tables into clauses. Runs at publish, inside a protected call.
#include <string>
#include <vector>

#include "script/ruleset.h"
#include "script/table_reader.h"

namespace junctor::script {

// The `when` value at `index`: a table of path = condition, or the short form "source/type".
// Cheap clauses come first.
std::vector<Clause> readWhen(const TableReader& reader, int index, CompiledRuleset& rules);
// One condition, as matcher.h describes it.
Matcher readMatcher(const TableReader& reader, int index, const std::string& what);
Glob readGlob(const TableReader& reader, const std::string& text, const std::string& what);
Path readPath(const TableReader& reader, const std::string& text);
void sortByCost(std::vector<Clause>& clauses, const std::vector<Path>& paths);

}  // namespace junctor::script
