#pragma once
// Conversions as rules use them.
#include "mapping/convert.h"

namespace junctor::script {

Result<mapping::Converted> convert(const mapping::Mapping& mapping, mapping::Direction direction,
                                   const mapping::Value& object, bool told = true);
// A list of {kind, field, path, detail}; Absent ones, which say nothing new, are left out.
mapping::Value issuesValue(const std::vector<mapping::Issue>& issues);

}  // namespace junctor::script
