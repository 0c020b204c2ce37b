#pragma once
// C8-C12: the host fails at the n-th call, for every n.
#include "conformance/outcome.h"

namespace junctor::conformance {

class Session;

Outcome endsWhenCancelled(Session& session);
Outcome endsWhenLate(Session& session);
Outcome survivesNoMemory(Session& session);
Outcome survivesFailingServices(Session& session);
Outcome stopsAtSinkErrors(Session& session);

}  // namespace junctor::conformance
