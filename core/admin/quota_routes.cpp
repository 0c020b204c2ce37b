#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/render.h"

namespace junctor::admin {
namespace {

void writeCap(JsonWriter& out, const char* name, const Cap& cap) {
  out.key(name).beginObject();
  for (const auto& [key, value] : {std::pair{"soft", cap.soft}, std::pair{"hard", cap.hard}}) {
    out.key(key);
    if (value > 0) {
      out.integer(value);
    } else {
      out.null();
    }
  }
  out.endObject();
}

void writeRate(JsonWriter& out, const char* name, const RateLimit& rate) {
  out.key(name);
  if (rate.count > 0) {
    out.string(rate.text());
  } else {
    out.null();
  }
}

void writeHour(JsonWriter& out, const quota::HourCount& hour) {
  out.beginObject();
  writeTime(out, "hour", hour.hour * quota::Meter::kHourMs);
  out.key("events").integer(hour.events).key("deliveries").integer(hour.deliveries);
  out.endObject();
}

}  // namespace

Answered limitsOf(Call& call) {
  const Tenant* tenant = call.services.catalog()->findTenant(call.tenant());
  if (!tenant) return notFound("there is no such tenant");
  JsonWriter out;
  out.beginObject();
  out.key("weight").integer(tenant->weight);
  writeRate(out, "ingest", tenant->quotas.ingest);
  writeCap(out, "events_per_hour", tenant->quotas.events_per_hour);
  writeCap(out, "deliveries_per_hour", tenant->quotas.deliveries_per_hour);
  out.key("at_cap").string(toString(tenant->quotas.at_cap));
  out.key("spike_alert");
  if (tenant->quotas.spike_ratio > 0) {
    out.number(tenant->quotas.spike_ratio);
  } else {
    out.null();
  }
  out.key("integrations").beginObject();
  for (const auto& [id, integration] : tenant->integrations) {
    writeRate(out, id.c_str(), integration.rate);
  }
  out.endObject().key("destinations").beginObject();
  for (const auto& [name, destination] : tenant->destinations) {
    writeRate(out, name.c_str(), destination.rate);
  }
  out.endObject().endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered usage(Call& call) {
  const quota::Usage used = call.services.usage(call.tenant());
  JsonWriter out;
  out.beginObject();
  out.key("events").integer(used.now.events).key("deliveries").integer(used.now.deliveries);
  out.key("capped").string(used.capped);
  writeTime(out, "capped_until", used.capped_until_ms);
  out.key("hours").beginArray();
  for (const quota::HourCount& hour : used.hours) writeHour(out, hour);
  out.endArray().endObject();
  return net::jsonResponse(200, std::move(out).take());
}

}  // namespace junctor::admin
