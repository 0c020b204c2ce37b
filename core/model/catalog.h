#pragma once
// What is configured: tenants with their integrations, destinations and rules, as an immutable
// snapshot. A change makes a new Catalog; readers keep the one they started with.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace junctor {

// A reference to a secret: "env:NAME", "file:/path" or "vault:FIELD" (of this integration or
// destination, in the server's vault). Never the secret itself.
struct SecretRef {
  std::string text;
};

struct RateLimit {
  int64_t count = 0;            // 0 = no limit
  std::chrono::seconds per{1};  // one, 60 or 3600

  std::string text() const;  // "50/s", "600/m", "1000/h"; "" = no limit
};

// So many in an hour of the wall clock; 0 = no cap. Reaching `soft` is told, `hard` is kept.
struct Cap {
  int64_t soft = 0, hard = 0;
};

// What happens at a hard cap.
enum class AtCap {
  Reject,    // webhooks are answered 429 until the hour is over; deliveries wait
  Park,      // webhooks are taken; deliveries wait until the hour is over
  DropBulk,  // like Park, but bulk deliveries are discarded, each recorded with its reason
};
std::string_view toString(AtCap at);  // "reject", "park", "drop_bulk"

// What flows may spend on models in a day (UTC); 0 = no cap. Money is in millionths of whatever
// currency the prices are in.
struct LlmCaps {
  int64_t tokens_per_day = 0;
  int64_t money_micros_per_day = 0;
  bool any() const { return tokens_per_day > 0 || money_micros_per_day > 0; }
};
struct LlmPrice {
  int64_t input_micros = 0, output_micros = 0;  // of a million tokens
};

struct Quotas {
  RateLimit ingest;  // webhooks
  Cap events_per_hour;
  Cap deliveries_per_hour;  // attempts
  AtCap at_cap = AtCap::Reject;
  LlmCaps llm;
  std::map<std::string, LlmPrice> llm_prices;  // by model
  double spike_ratio = 0;  // of this hour's events to the mean of the hours before; 0 = no alert
};

struct Integration {
  std::string id;  // unique over all tenants: it stands in the webhook URL
  std::string tenant;
  std::string connector;
  std::vector<SecretRef> webhook_secrets;
  std::string settings_json = "{}";
  std::string public_url;    // base URL the provider was given, "" = the request's own
  bool unsigned_ok = false;  // `unsigned: true`: events without signature are taken. Shown in red.
  bool enabled = true;
  size_t body_bytes_max = 0;  // 0 = limits::kBodyBytesMax
  // Networks that may send its webhooks ("203.0.113.0/24"); empty = all.
  std::vector<std::string> allow_from;
  bool allow_private = false;  // its connector may dial private networks
  RateLimit rate;              // of webhooks
};

struct RetryPolicy {
  std::vector<std::chrono::milliseconds> schedule;  // waits before attempt 1, 2, …; jitter ±20 %
};

struct Destination {
  std::string name;
  std::string tenant;
  std::string type = "http";  // "http" | "log"
  std::string url;
  std::vector<SecretRef> signing_secrets;  // Standard Webhooks; all live ones sign
  bool allow_private = false;              // may be dialed on private networks
  RetryPolicy retry;
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds timeout{0};  // 0 = limits::kDeliveryTimeoutMs
  size_t concurrency = 0;                // at once, 0 = limits::kInFlightPerDestination
  RateLimit rate;                        // of attempts
  bool binary_mode = false;              // CloudEvents binary instead of structured mode
};

struct RuleScript {
  std::string tenant;
  std::string name;  // file name without .lua
  std::string source;
  std::string version;  // first 12 hex digits of SHA-256 of the source
};

// A tenant's own mapping, or its changes of a shipped one (packaging/doc/mappings.md).
struct MappingText {
  std::string connector, object;
  std::string json;  // as written: long numbers stay exact
};

// What rules may look up: text key -> JSON value.
struct LookupTable {
  std::string name;
  std::string json;  // one object
};

struct Tenant {
  std::string id;
  std::string name;
  int weight = 1;  // its share of the server when others want it too
  Quotas quotas;
  std::map<std::string, Integration> integrations;
  std::map<std::string, Destination> destinations;
  std::vector<RuleScript> rules;      // live; sorted by name
  std::vector<RuleScript> tests;      // sorted by name
  std::vector<RuleScript> shadows;    // run beside the live ones without effect; by name
  std::vector<MappingText> mappings;  // sorted by connector and object
  std::vector<LookupTable> tables;    // sorted by name
};

struct Catalog {
  std::map<std::string, Tenant> tenants;

  const Tenant* findTenant(const std::string& id) const;
  const Integration* findIntegration(const std::string& id) const;  // over all tenants
  const Destination* findDestination(const std::string& tenant, const std::string& name) const;
};
using CatalogPtr = std::shared_ptr<const Catalog>;

}  // namespace junctor
