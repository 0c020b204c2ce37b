#include "delivery/cloud_event.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_writer.h"

namespace junctor::delivery {
namespace {

// urn of the sender, as CloudEvents wants: unique together with `id`.
std::string sourceUri(const Event& event) {
  return "/tenants/" + event.tenant + "/integrations/" + event.integration;
}

void optionalRaw(JsonWriter& out, std::string_view name, const std::string& json) {
  out.key(name);
  if (json.empty()) {
    out.null();
  } else {
    out.raw(json);
  }
}

void optionalTime(JsonWriter& out, std::string_view name, int64_t unix_ms) {
  out.key(name);
  if (unix_ms == 0) {
    out.null();
  } else {
    out.string(formatRfc3339(unix_ms));
  }
}

void writeData(JsonWriter& out, const EventEnvelope& envelope) {
  const Event& event = envelope.event;
  out.beginObject();
  out.key("event_id").string(event.id.text());
  out.key("tenant_id").string(event.tenant);
  out.key("integration_id").string(event.integration);
  out.key("source").string(event.source);
  out.key("type").string(event.type);
  out.key("source_event_id").string(event.source_event_id);
  optionalTime(out, "occurred_at", event.occurred_at_ms);
  optionalTime(out, "received_at", event.received_at_ms);
  optionalRaw(out, "actor", event.actor_json);
  out.key("resource").beginObject();
  out.key("type").string(event.resource.type);
  out.key("id").string(event.resource.id);
  out.endObject();
  if (event.sequence) out.key("sequence").integer(*event.sequence);
  optionalRaw(out, "data", event.data_json);
  out.key("payload").raw(envelope.payload());
  optionalRaw(out, "metadata", event.metadata_json);
  out.key("correlation_id").string(event.correlation_id);
  out.key("hops").integer(event.hops);
  out.key("stale").boolean(event.stale);
  out.endObject();
}

// The host's own events ("junctor.destination.error") are named after their source already.
std::string typeOf(const Event& event) {
  return event.type.starts_with(event.source + ".") ? event.type : event.source + "." + event.type;
}

int64_t timeOf(const Event& event) {
  return event.occurred_at_ms ? event.occurred_at_ms : event.received_at_ms;
}

}  // namespace

std::string structuredBody(const EventEnvelope& envelope, std::string_view mapped) {
  const Event& event = envelope.event;
  JsonWriter out(envelope.payload().size() + event.data_json.size() + 1024);
  out.beginObject();
  out.key("specversion").string("1.0");
  out.key("id").string(event.id.text());
  out.key("source").string(sourceUri(event));
  out.key("type").string(typeOf(event));
  out.key("time").string(formatRfc3339(timeOf(event)));
  if (!event.resource.id.empty()) {
    out.key("subject").string(event.resource.type + "/" + event.resource.id);
  }
  out.key("datacontenttype").string("application/json");
  out.key("data");
  if (mapped.empty()) {
    writeData(out, envelope);
  } else {
    out.raw(mapped);
  }
  out.endObject();
  return std::move(out).take();
}

std::string binaryBody(const EventEnvelope& envelope, std::string_view mapped) {
  if (!mapped.empty()) return std::string(mapped);
  JsonWriter out(envelope.payload().size() + 1024);
  writeData(out, envelope);
  return std::move(out).take();
}

Headers binaryHeaders(const EventEnvelope& envelope) {
  const Event& event = envelope.event;
  Headers headers = {{"ce-specversion", "1.0"},
                     {"ce-id", event.id.text()},
                     {"ce-source", percentEncode(sourceUri(event))},
                     {"ce-type", percentEncode(typeOf(event))},
                     {"ce-time", formatRfc3339(timeOf(event))}};
  if (!event.resource.id.empty()) {
    headers.emplace_back("ce-subject",
                         percentEncode(event.resource.type + "/" + event.resource.id));
  }
  return headers;
}

std::string traceParent(const Event& event, uint64_t span) {
  return fmt::format("00-{}-{:016x}-01", event.correlation_id, span | 1);
}

}  // namespace junctor::delivery
