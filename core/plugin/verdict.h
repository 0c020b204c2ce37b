#pragma once
// Verdicts: what the host says when the process that runs a connector fails, not the request.
// Made by isolation, read by flow.
#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"

namespace junctor::plugin {

// The messages are reasons of dead letters as they stand.
Error crashedError(const std::string& cause);      // "connector-crash: …": twice, once alone
Error quarantinedError(const std::string& cause);  // "connector-quarantined: …": not run at all
// The connector cannot be asked now and nothing was tried: ask again after `wait`.
Error restartingError(std::chrono::milliseconds wait, const std::string& cause);

// The connector is still at work on a request that was announced by begin(): whoever has more to do
// asks somebody with time to call handle() again, which then waits.
Error busyError(const std::string& name);

// The connector has no such interface, or not that function of it.
Error notOffered(std::string_view interface);

// Messages of connectors begin with their id, so none of them passes for a verdict.
bool isFinalVerdict(const Error& error);  // crashed or quarantined
bool isRestarting(const Error& error);
bool isBusy(const Error& error);

}  // namespace junctor::plugin
