#pragma once
// S3, S4, S5, S14-S17: what the manifest and the files beside it say.
#include "conformance/outcome.h"

namespace junctor::conformance {

class Session;

Outcome manifestValid(Session& session);
Outcome noteEqualsSidecar(Session& session);
Outcome identity(Session& session);
Outcome bundleWhole(Session& session);
Outcome schemasCompile(Session& session);
Outcome mappingsPoint(Session& session);
Outcome hostsLegal(Session& session);

}  // namespace junctor::conformance
