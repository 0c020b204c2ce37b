#include "app/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace junctor::app {

Result<void> forbidCoreDumps() {
  const rlimit none{0, 0};
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && ::setrlimit(RLIMIT_CORE, &none) == 0) return {};
  return internalError("core dumps cannot be turned off");
}

}  // namespace junctor::app
