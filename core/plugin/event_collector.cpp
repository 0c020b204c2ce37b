#include "plugin/event_collector.h"

#include <algorithm>

#include "base/limits.h"
#include "plugin/bounded_key.h"
#include "plugin/gate_rules.h"

namespace junctor::plugin {
namespace {

bool cleanType(std::string_view type) {
  return !type.empty() && type.size() <= limits::kEventTypeBytesMax && cleanText(type);
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

jn_status EventList::add(const jn_event* given, bool needs_payload) {
  if (const jn_status status = mayGoOn(); status != JN_OK) return status;
  if (!given) return refuse(JN_E_INVALID, "an event is NULL");
  const auto event = known(given);
  if (!event) return refuse(JN_E_INVALID, "an event is too small");
  if (!sound(*event)) return refuse(JN_E_INVALID, "an event has a NULL text");
  if (events_.size() == limits::kEventsPerRequestMax) {
    return refuse(JN_E_TOO_LARGE, "more than 1000 events in one request");
  }
  if (!cleanType(textOf(event->type))) {
    return refuse(JN_E_INVALID, "an event type is empty, too long or not clean text");
  }
  if (needs_payload && event->payload_json.len == 0) {
    return refuse(JN_E_INVALID, "an event has no payload_json");
  }
  return copyFields(*event, events_.emplace_back());
}

jn_status EventList::copyFields(const jn_event& event, Event& out) {
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

EventCollector::EventCollector(CallContext& context, bool replies)
    : EventList(context),
      sink_{sizeof(jn_webhook_sink), 0, this, eventFor, replyFor},
      replies_(replies) {}

jn_status EventCollector::eventFor(const jn_webhook_sink* sink, const jn_event* event) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  return static_cast<EventCollector*>(sink->ctx)->add(event, false);
}

jn_status EventCollector::replyFor(const jn_webhook_sink* sink, const jn_reply* reply) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  return static_cast<EventCollector*>(sink->ctx)->setReply(reply);
}

jn_status EventCollector::setReply(const jn_reply* given) {
  if (!replies_) return JN_E_UNSUPPORTED;  // the request was stored first, and answered
  if (const jn_status status = mayGoOn(); status != JN_OK) return status;
  const auto reply = known(given);
  if (!reply) return refuse(JN_E_INVALID, "the reply is NULL or too small");
  if (reply_) return refuse(JN_E_CONFLICT, "replied twice");
  if (reply->status < 200 || reply->status > 499) {
    return refuse(JN_E_INVALID, "the reply's status is not 200 to 499");
  }
  if (reply->body.len > limits::kConnectorReplyBytesMax) {
    return refuse(JN_E_TOO_LARGE, "the reply is larger than 64 KiB");
  }
  if ((!reply->body.ptr && reply->body.len > 0) || (!reply->headers.items && reply->headers.len)) {
    return refuse(JN_E_INVALID, "the reply has a NULL member");
  }
  if (reply->headers.len > limits::kHeaderFieldsMax) {
    return refuse(JN_E_TOO_LARGE, "the reply has too many headers");
  }
  Reply out;
  out.status = static_cast<int>(reply->status);
  out.body = textOf(reply->body);
  for (size_t i = 0; i < reply->headers.len; ++i) {
    const jn_kv& header = reply->headers.items[i];
    out.headers.emplace_back(textOf(header.key), textOf(header.val));
  }
  if (const auto good = checkReplyHeaders(out.headers); !good) {
    return refuse(JN_E_INVALID, good.error().message);
  }
  reply_ = std::move(out);
  return JN_OK;
}

// Events are stored, so their sender must not send them again.
Result<HandleResult> EventCollector::finish(jn_status status) && {
  if (reply_ && !events_.empty() && reply_->status >= 300) {
    refuse(JN_E_INVALID, "replied with an error beside events");
  }
  JUNCTOR_CHECK(verdict(status));
  return HandleResult{std::move(events_), std::move(reply_)};
}

PollCollector::PollCollector(CallContext& context)
    : EventList(context), sink_{sizeof(jn_poll_sink), 0, this, eventFor, nextFor} {}

jn_status PollCollector::eventFor(const jn_poll_sink* sink, const jn_event* event) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  auto& self = *static_cast<PollCollector*>(sink->ctx);
  if (self.has_next_) return self.refuse(JN_E_CONFLICT, "gave an event after the next cursor");
  return self.add(event, true);
}

jn_status PollCollector::nextFor(const jn_poll_sink* sink, const jn_poll_next* next) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  return static_cast<PollCollector*>(sink->ctx)->setNext(next);
}

jn_status PollCollector::setNext(const jn_poll_next* given) {
  if (const jn_status status = mayGoOn(); status != JN_OK) return status;
  const auto next = known(given);
  if (!next) return refuse(JN_E_INVALID, "the next cursor is NULL or too small");
  if (has_next_) return refuse(JN_E_CONFLICT, "gave the next cursor twice");
  if (next->cursor.len > limits::kConnectorTextBytesMax) {
    return refuse(JN_E_TOO_LARGE, "the cursor is too long");
  }
  if (!copyText(next->cursor, limits::kConnectorTextBytesMax, result_.cursor)) {
    return refuse(JN_E_INVALID, "the cursor is not clean text");
  }
  constexpr uint64_t kDayMs = 24ULL * 3600 * 1000;
  result_.more = next->flags & JN_POLL_MORE;
  result_.wait_ms = static_cast<int64_t>(std::min(next->wait_ms, kDayMs));
  has_next_ = true;
  return JN_OK;
}

Result<PollResult> PollCollector::finish(jn_status status) && {
  if (status == JN_OK && !has_next_) refuse(JN_E_INTERNAL, "poll gave no next cursor");
  JUNCTOR_CHECK(verdict(status));
  result_.events = std::move(events_);
  return std::move(result_);
}

}  // namespace junctor::plugin
