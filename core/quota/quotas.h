#pragma once
// Keeper: the rates and caps of all tenants: asked by ingest for each webhook, by the flow for what
// it planned, by delivery for each attempt. Thread-safe; no call blocks.
//
// At a hard cap (packaging/doc/operations.md): `reject` answers webhooks with 429 and lets what was
// accepted wait; `park` takes webhooks and lets deliveries wait; `drop_bulk` is like `park`, and
// discards bulk deliveries, each recorded with its reason. All until the hour is over.
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "quota/bucket.h"
#include "quota/meter.h"

namespace junctor::quota {

struct Usage {
  HourCount now;
  std::vector<HourCount> hours;  // oldest first, this one last
  std::string capped;            // the hard cap that is reached, ""
  int64_t capped_until_ms = 0;
};

// What a tenant is told in its event stream.
struct Told {
  std::string tenant;
  Alarm alarm = Alarm::None;
  Kind kind = Kind::Events;
  HourCount hour{};
  int64_t limit = 0;  // of a soft or hard cap
};

class Keeper {
 public:
  // `tell` is called without a lock held, on the thread that counted; it must not block.
  Keeper(const Clock& clock, std::function<void(const Told&)> tell)
      : clock_(clock), tell_(std::move(tell)) {}

  // Rates start anew, counts go on.
  void adopt(const CatalogPtr& catalog);

  struct Refusal {
    int64_t wait_ms;
    std::string why;  // for the sender
  };
  // May a webhook be taken? Takes from the buckets if so.
  std::optional<Refusal> refuse(const std::string& tenant, const std::string& integration);
  void addEvents(const std::string& tenant, int64_t count) { add(Kind::Events, tenant, count); }
  void addDelivery(const std::string& tenant) { add(Kind::Deliveries, tenant, 1); }
  // Why its bulk deliveries are discarded now, "" = they are not.
  std::string dropsBulk(const std::string& tenant) const;
  // Until when its deliveries wait (Unix milliseconds); 0 = they do not.
  int64_t parkedUntil(const std::string& tenant) const;

  Usage usage(const std::string& tenant) const;
  // What changed since the last call: tenant and its hours as JSON; and back.
  std::vector<std::pair<std::string, std::string>> changed();
  void restore(const std::string& tenant, const std::string& json);

 private:
  struct Row {
    Meter meter;
    Bucket ingest;
    bool limited = false;  // it has a cap
    bool changed = false;
  };
  void add(Kind kind, const std::string& tenant, int64_t count);

  const Clock& clock_;
  const std::function<void(const Told&)> tell_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Row> rows_;        // by tenant
  std::unordered_map<std::string, Bucket> buckets_;  // by integration, of those with a rate
};

}  // namespace junctor::quota
