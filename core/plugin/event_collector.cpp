#include "plugin/event_collector.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "plugin/bounded_key.h"

namespace junctor::plugin {
namespace {

bool cleanType(std::string_view type) {
  return !type.empty() && type.size() <= limits::kEventTypeBytesMax && validUtf8(type) &&
         std::none_of(type.begin(), type.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// A view must not claim bytes behind a NULL pointer.
bool sound(const jn_event& event) {
  const jn_str* const members[] = {&event.type,         &event.id,           &event.resource_type,
                                   &event.resource_id,  &event.actor_json,   &event.data_json,
                                   &event.payload_json, &event.metadata_json};
  return std::all_of(std::begin(members), std::end(members),
                     [](const jn_str* text) { return text->ptr != nullptr || text->len == 0; });
}

}  // namespace

EventCollector::EventCollector(CallContext& context)
    : sink_{sizeof(jn_webhook_sink), 0, this, eventFor, replyFor}, context_(context) {}

jn_status EventCollector::eventFor(const jn_webhook_sink* sink, const jn_event* event) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  auto& self = *static_cast<EventCollector*>(sink->ctx);
  if (!event) return self.refuse(JN_E_INVALID, "an event is NULL");
  return self.add(*event);
}

// The sender has had its 2xx by now: the request was stored first.
jn_status EventCollector::replyFor(const jn_webhook_sink*, const jn_reply*) {
  return JN_E_UNSUPPORTED;
}

jn_status EventCollector::refuse(jn_status status, std::string_view why) {
  if (refused_ == JN_OK) {
    refused_ = status;
    why_ = why;
  }
  return refused_;
}

bool EventCollector::copyJson(const jn_str& text, std::string& out) {
  const std::string_view json = textOf(text);
  if (!json.empty() && !context_.knownJson(json) && !checkJson(json)) return false;
  out = json;
  return true;
}

jn_status EventCollector::add(const jn_event& event) {
  if (refused_ != JN_OK) return refused_;
  if (event.struct_size < sizeof(jn_event)) return refuse(JN_E_INVALID, "an event is too small");
  if (!sound(event)) return refuse(JN_E_INVALID, "an event has a NULL text");
  if (result_.events.size() == limits::kEventsPerRequestMax) {
    return refuse(JN_E_TOO_LARGE, "more than 1000 events in one request");
  }
  if (context_.late()) return refuse(JN_E_DEADLINE, "took longer than its budget");
  if (!cleanType(textOf(event.type))) {
    return refuse(JN_E_INVALID, "an event type is empty, too long or not clean text");
  }
  Event& out = result_.events.emplace_back();
  out.type = textOf(event.type);
  out.source_event_id = boundedKey(textOf(event.id));
  out.resource.type = boundedKey(textOf(event.resource_type));
  out.resource.id = boundedKey(textOf(event.resource_id));
  out.occurred_at_ms = event.occurred_ms;
  if (event.flags & JN_EVENT_HAS_SEQUENCE) out.sequence = event.sequence;
  if (!copyJson(event.actor_json, out.actor_json)) {
    return refuse(JN_E_INVALID, "actor_json is not JSON");
  }
  if (!copyJson(event.data_json, out.data_json)) {
    return refuse(JN_E_INVALID, "data_json is not JSON");
  }
  if (!copyJson(event.payload_json, out.payload_json)) {
    return refuse(JN_E_INVALID, "payload_json is not JSON");
  }
  if (!copyJson(event.metadata_json, out.metadata_json)) {
    return refuse(JN_E_INVALID, "metadata_json is not JSON");
  }
  return JN_OK;
}

Result<HandleResult> EventCollector::finish(jn_status status) && {
  if (refused_ != JN_OK) {
    return makeError(errorCodeOf(refused_),
                     fmt::format("{}: {}", context_.target().connector, why_));
  }
  if (status != JN_OK) return context_.errorOf(status);
  return std::move(result_);
}

}  // namespace junctor::plugin
