#pragma once
// What is refused before Lua's compiler sees a script: its cost grows with the square of some
// constructs, and `_ENV` would let a script swap its own environment.
#include "base/result.h"
#include "model/catalog.h"

namespace junctor::script {

Result<void> checkSource(const RuleScript& script);

}  // namespace junctor::script
