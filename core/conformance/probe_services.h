#pragma once
// The host's interfaces as a checked connector gets them: the real ones of core/plugin behind
// functions that count, fail on demand, and hand out guarded copies; http, kv, secrets and metrics
// are played by the running call.
#include <string_view>

namespace junctor::conformance {

// The table of an interface, read-only and at a guard page; nullptr if there is none of that id.
const void* probeInterface(std::string_view id);

}  // namespace junctor::conformance
