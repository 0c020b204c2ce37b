#pragma once
// Reads jn.map tables into mappings. Runs at publish, inside a protected call.
#include "script/ruleset.h"
#include "script/table_reader.h"

namespace junctor::script {

// Adds one mapping "connector/entity" per section of the table at stack index `table`.
void readMap(const TableReader& reader, int table, const LuaMap& place, CompiledRuleset& rules);

}  // namespace junctor::script
