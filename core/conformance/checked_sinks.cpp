#include "conformance/checked_sinks.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json_doc.h"
#include "base/limits.h"
#include "conformance/probe.h"
#include "conformance/probe_call.h"

namespace junctor::conformance {
namespace {

bool cleanType(const std::string& type) {
  return !type.empty() && type.size() <= limits::kEventTypeBytesMax && validUtf8(type) &&
         std::none_of(type.begin(), type.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// The host takes such ids, as a hash; the contract says that text is UTF-8.
void mustBeUtf8(const char* member, const std::string& text) {
  if (!validUtf8(text)) breach(Breach::Event, fmt::format("an event's {} is not UTF-8", member));
}

// Why the host refuses the event; "" = it does not.
std::string refusalOf(const SeenEvent& event, bool needs_payload) {
  if (!cleanType(event.type)) return "an event's type is empty, too long or not clean text";
  if (needs_payload && event.payload_json.empty()) return "an event of a poll has no payload_json";
  const std::pair<const char*, const std::string*> members[] = {
      {"actor_json", &event.actor_json},
      {"data_json", &event.data_json},
      {"payload_json", &event.payload_json},
      {"metadata_json", &event.metadata_json}};
  for (const auto& [name, text] : members) {
    if (text->empty() || checkJson(*text)) continue;
    return fmt::format("an event's {} is not valid JSON: {:.60}", name, *text);
  }
  return {};
}

}  // namespace

EventSink::EventSink(size_t refuse_from, jn_status refusal)
    : refuse_from_(refuse_from), refusal_(refusal) {
  const jn_webhook_sink webhook{sizeof webhook, 0, this, webhookEvent, webhookReply};
  const jn_poll_sink poll{sizeof poll, 0, this, pollEvent, pollNext};
  webhook_ = pool_.putObject(webhook, "the webhook sink");
  poll_ = pool_.putObject(poll, "the poll sink");
}

jn_status EventSink::webhookEvent(const jn_webhook_sink* sink, const jn_event* event) {
  return static_cast<EventSink*>(sink->ctx)->take(event, false);
}
jn_status EventSink::webhookReply(const jn_webhook_sink* sink, const jn_reply*) {
  ++static_cast<EventSink*>(sink->ctx)->replies_;
  return JN_E_UNSUPPORTED;
}
jn_status EventSink::pollEvent(const jn_poll_sink* sink, const jn_event* event) {
  return static_cast<EventSink*>(sink->ctx)->take(event, true);
}
jn_status EventSink::pollNext(const jn_poll_sink* sink, const jn_poll_next* next) {
  auto& self = *static_cast<EventSink*>(sink->ctx);
  if (++self.nexts_ > 1) return JN_E_CONFLICT;
  const auto given = structFrom(next, sizeof(jn_poll_next), "a jn_poll_next");
  if (!given) return JN_E_INTERNAL;
  self.cursor_ = textFrom(given->cursor, "a cursor");
  return self.cursor_.size() > 4096 ? JN_E_TOO_LARGE : JN_OK;
}

jn_status EventSink::take(const jn_event* event, bool needs_payload) {
  ++offered_;
  if (const jn_status refused = ProbeCall::gateHere(); refused != JN_OK) return refused;
  if (refuse_from_ != 0 && offered_ >= refuse_from_) return refusal_;
  if (events_.size() == limits::kEventsPerRequestMax) return JN_E_TOO_LARGE;
  const auto given = structFrom(event, sizeof(jn_event), "a jn_event");
  if (!given) return JN_E_INVALID;
  SeenEvent seen;
  seen.type = textFrom(given->type, "an event's type");
  seen.id = textFrom(given->id, "an event's id");
  seen.resource_type = textFrom(given->resource_type, "an event's resource_type");
  seen.resource_id = textFrom(given->resource_id, "an event's resource_id");
  seen.actor_json = textFrom(given->actor_json, "an event's actor_json");
  seen.data_json = textFrom(given->data_json, "an event's data_json");
  seen.payload_json = textFrom(given->payload_json, "an event's payload_json");
  seen.metadata_json = textFrom(given->metadata_json, "an event's metadata_json");
  seen.occurred_ms = given->occurred_ms;
  seen.flags = given->flags;
  if (given->flags & JN_EVENT_HAS_SEQUENCE) seen.sequence = given->sequence;
  mustBeUtf8("id", seen.id);
  mustBeUtf8("resource_type", seen.resource_type);
  mustBeUtf8("resource_id", seen.resource_id);
  if (refused_.empty()) refused_ = refusalOf(seen, needs_payload);
  if (!refused_.empty()) return JN_E_INVALID;
  events_.push_back(std::move(seen));
  return JN_OK;
}

std::string asText(const std::vector<SeenEvent>& events) {
  std::string out;
  for (const SeenEvent& e : events) {
    out += fmt::format(
        "type={}\nid={}\nresource={} {}\nactor={}\ndata={}\npayload={}\nmetadata={}\n"
        "occurred={} flags={} sequence={}\n\n",
        e.type, e.id, e.resource_type, e.resource_id, e.actor_json, e.data_json, e.payload_json,
        e.metadata_json, e.occurred_ms, e.flags, e.sequence);
  }
  return out;
}

}  // namespace junctor::conformance
