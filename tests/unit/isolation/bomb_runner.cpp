// A junctor-runner whose process dies once it has worked for a fifth of a second: what an unknown
// bug of the Lua machine would do to the worker of whoever calls forth so much work.
#include <sys/time.h>

#include "isolation/runner.h"

int main() {
  constexpr itimerval kFuse{{0, 0}, {0, 200'000}};
  ::setitimer(ITIMER_VIRTUAL, &kFuse, nullptr);
  return junctor::isolation::runConnector(junctor::isolation::kRunnerSocket);
}
