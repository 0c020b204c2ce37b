#pragma once
// Between what a caller writes and what a connector takes: canonical objects through mappings.
#include <functional>
#include <string>

#include "mapping/convert.h"
#include "plugin/declared.h"

namespace junctor::action {

// The mapping of a connector's object; NotFound if there is none.
using Mappings = std::function<Result<mapping::Mapping>(
    const std::string& tenant, const std::string& connector, const std::string& object)>;

// `params_json` with the mapped object in it. Members that are in both stay as in the parameters.
Result<std::string> mergedParams(const mapping::Mapping& mapping, const plugin::DeclaredAction& act,
                                 const std::string& params_json, const std::string& object_json);
// The canonical object of what the provider answered; "" if it is none.
std::string canonicalOf(const mapping::Mapping& mapping, const std::string& data_json);

}  // namespace junctor::action
