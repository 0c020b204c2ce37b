#pragma once
// What a destination receives: the event as a CloudEvent 1.0 with Standard Webhooks headers.
// The body depends on the stored event alone, so every attempt sends the same bytes.
#include <string>
#include <string_view>

#include "model/event.h"

namespace junctor::delivery {

// `mapped` is what a mapping made of the event (Delivery::body_json); if it is not empty it is sent
// in place of the event.

// Structured mode: one JSON document, media type application/cloudevents+json. `data` holds the
// event: canonical `data`, original `payload`, actor, resource, ids and times.
std::string structuredBody(const EventEnvelope& envelope, std::string_view mapped = {});
// Binary mode: the `data` part alone (application/json), attributes travel as ce-* headers.
std::string binaryBody(const EventEnvelope& envelope, std::string_view mapped = {});
Headers binaryHeaders(const EventEnvelope& envelope);

// W3C traceparent for one attempt: the event's trace id, a span id of delivery and attempt.
std::string traceParent(const Event& event, uint64_t span);

}  // namespace junctor::delivery
