#pragma once
// The child's side of rules in processes of their own: compiles rulesets, keeps their sandboxes,
// runs what the host asks for, one call after another. It is locked in before the first script.
#include "base/descriptor.h"
#include "isolation/wire.h"

namespace junctor::isolation {

// Serves until the host closes the channel. Returns the exit code.
int serveRules(Channel& channel, Descriptor room);

}  // namespace junctor::isolation
