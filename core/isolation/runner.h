#pragma once
// The child's side: junctor-runner is this function and nothing else.
#include <string>

namespace junctor::isolation {

// Serves one connector, or rules of tenants (rule_worker.h), over the socket until the parent
// closes it. Returns the exit code. Everything of the host that runs here is room plugin's own
// code; what only the parent may do is asked over the wire. One thread: calls run in the order of
// their frames.
int runConnector(int socket);

// The descriptor under which the parent leaves the socket.
inline constexpr int kRunnerSocket = 3;

}  // namespace junctor::isolation
