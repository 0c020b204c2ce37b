#pragma once
// What the host refuses before it asks a connector that checks signatures itself.
#include "base/result.h"
#include "model/event.h"
#include "plugin/connector.h"

namespace junctor::ingest {

// Unauthenticated: a header that the manifest names under webhook.signature.headers is there twice
// (which of them would the connector look at?), or longer than limits::kSignatureHeaderBytesMax.
Result<void> checkSignatureHeaders(const plugin::Manifest& manifest, const Headers& headers);

}  // namespace junctor::ingest
