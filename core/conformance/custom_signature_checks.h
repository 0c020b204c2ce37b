#pragma once
// W1-W5 for connectors whose manifest says "custom": their own verify(), on recorded requests.
#include "conformance/outcome.h"
#include "conformance/session.h"

namespace junctor::conformance {

inline bool checksItself(const Session& session) {
  return session.manifest() && session.manifest()->signature_custom;
}

Outcome customFixturesVerify(Session& session);
Outcome customFlippedBits(Session& session);
Outcome customTimeWindow(Session& session);
Outcome customSignatureHeaders(Session& session);
// Only that no other bytes verify; W5's other half is the same for all schemes.
Outcome customRawBytes(Session& session);

}  // namespace junctor::conformance
