#include "quota/quotas.h"

#include <algorithm>

#include "base/json_doc.h"
#include "base/json_writer.h"

namespace junctor::quota {

void Keeper::adopt(const CatalogPtr& catalog) {
  std::lock_guard lock(mutex_);
  buckets_.clear();
  for (auto& [id, row] : rows_) {
    row.meter.limit({});
    row.ingest = Bucket();
    row.limited = false;
  }
  for (const auto& [id, tenant] : catalog->tenants) {
    Row& row = rows_[id];
    const Quotas& quotas = tenant.quotas;
    row.meter.limit(quotas);
    row.ingest = Bucket(quotas.ingest);
    row.limited = quotas.events_per_hour.hard > 0 || quotas.deliveries_per_hour.hard > 0;
    for (const auto& [name, integration] : tenant.integrations) {
      if (integration.rate.count > 0) buckets_.emplace(name, Bucket(integration.rate));
    }
  }
}

std::optional<Keeper::Refusal> Keeper::refuse(const std::string& tenant,
                                              const std::string& integration) {
  std::lock_guard lock(mutex_);
  const auto row = rows_.find(tenant);
  if (row == rows_.end()) return std::nullopt;
  const int64_t unix_now = clock_.unixMs(), now = clock_.monotonicMs();
  if (row->second.limited && row->second.meter.quotas().at_cap == AtCap::Reject) {
    const std::string cap = row->second.meter.capped(unix_now);
    if (!cap.empty()) {
      return Refusal{Meter::hourEnd(unix_now) - unix_now, "The tenant's " + cap + " is reached."};
    }
  }
  if (const int64_t wait = row->second.ingest.take(now); wait > 0) {
    return Refusal{wait, "The tenant gets more than its rate."};
  }
  const auto own = buckets_.find(integration);
  if (own == buckets_.end()) return std::nullopt;
  const int64_t wait = own->second.take(now);
  if (wait == 0) return std::nullopt;
  row->second.ingest.giveBack();
  return Refusal{wait, "The integration gets more than its rate."};
}

void Keeper::add(Kind kind, const std::string& tenant, int64_t count) {
  Told told{.tenant = tenant, .kind = kind};
  {
    std::lock_guard lock(mutex_);
    Row& row = rows_[tenant];
    const int64_t now = clock_.unixMs();
    told.alarm = row.meter.add(kind, count, now);
    row.changed = true;
    if (told.alarm == Alarm::None) return;
    told.hour = row.meter.thisHour(now);
    const Quotas& quotas = row.meter.quotas();
    const Cap& cap = kind == Kind::Events ? quotas.events_per_hour : quotas.deliveries_per_hour;
    told.limit = told.alarm == Alarm::Soft ? cap.soft : told.alarm == Alarm::Hard ? cap.hard : 0;
  }
  if (tell_) tell_(told);
}

std::string Keeper::dropsBulk(const std::string& tenant) const {
  std::lock_guard lock(mutex_);
  const auto row = rows_.find(tenant);
  if (row == rows_.end() || !row->second.limited) return "";
  if (row->second.meter.quotas().at_cap != AtCap::DropBulk) return "";
  const std::string cap = row->second.meter.capped(clock_.unixMs());
  return cap.empty() ? "" : "cap: " + cap;
}

// Rejecting keeps events out; what is in waits only for its own cap.
int64_t Keeper::parkedUntil(const std::string& tenant) const {
  std::lock_guard lock(mutex_);
  const auto row = rows_.find(tenant);
  if (row == rows_.end() || !row->second.limited) return 0;
  const int64_t now = clock_.unixMs();
  const std::string cap = row->second.meter.capped(now);
  if (cap.empty()) return 0;
  const bool rejects = row->second.meter.quotas().at_cap == AtCap::Reject;
  return rejects && cap == "events_per_hour" ? 0 : Meter::hourEnd(now);
}

Usage Keeper::usage(const std::string& tenant) const {
  Usage usage;
  std::lock_guard lock(mutex_);
  const int64_t now = clock_.unixMs();
  const auto row = rows_.find(tenant);
  const Meter none;
  const Meter& meter = row == rows_.end() ? none : row->second.meter;
  usage.now = meter.thisHour(now);
  usage.hours.assign(meter.hours().begin(), meter.hours().end());
  if (usage.hours.empty() || usage.hours.back().hour != usage.now.hour) {
    usage.hours.push_back(usage.now);
  }
  usage.capped = meter.capped(now);
  if (!usage.capped.empty()) usage.capped_until_ms = Meter::hourEnd(now);
  return usage;
}

std::vector<std::pair<std::string, std::string>> Keeper::changed() {
  std::vector<std::pair<std::string, std::string>> out;
  std::lock_guard lock(mutex_);
  for (auto& [tenant, row] : rows_) {
    if (!std::exchange(row.changed, false)) continue;
    JsonWriter json;
    json.beginArray();
    for (const HourCount& hour : row.meter.hours()) {
      json.beginArray().integer(hour.hour).integer(hour.events).integer(hour.deliveries);
      json.endArray();
    }
    json.endArray();
    out.emplace_back(tenant, std::move(json).take());
  }
  return out;
}

void Keeper::restore(const std::string& tenant, const std::string& json) {
  JsonDoc document;
  const auto parsed = document.parse(json);
  if (!parsed || !parsed->isArray()) return;
  std::deque<HourCount> hours;
  for (size_t i = 0; i < parsed->size(); ++i) {
    const JsonView one = parsed->at(i);
    hours.push_back({one.at(0).asInt().value_or(0), one.at(1).asInt().value_or(0),
                     one.at(2).asInt().value_or(0)});
  }
  std::lock_guard lock(mutex_);
  rows_[tenant].meter.restore(std::move(hours));
}

}  // namespace junctor::quota
