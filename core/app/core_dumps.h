#pragma once
// Whether a crash of this process leaves its memory on disk.
#include "base/result.h"

namespace junctor::app {

// No core dump, and no other process of the user may look into this one (PR_SET_DUMPABLE 0,
// RLIMIT_CORE 0). Children that exec are as before but for the limit.
Result<void> forbidCoreDumps();

}  // namespace junctor::app
