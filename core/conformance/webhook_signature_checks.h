#pragma once
// W1-W7: signatures and handshakes, as the manifest declares them.
#include "conformance/outcome.h"

namespace junctor::conformance {

class Session;

Outcome fixturesVerify(Session& session);
Outcome flippedBits(Session& session);
Outcome timeWindow(Session& session);
Outcome signatureHeaders(Session& session);
Outcome rawBytes(Session& session);
Outcome handshakes(Session& session);
Outcome handshakeRefused(Session& session);

}  // namespace junctor::conformance
