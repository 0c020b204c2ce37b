// The tables. Rules they follow (measured): a row's key rises with time (Uuid::orderKey()), so
// every b-tree grows at its right edge; no index on random keys; names are numbers (table `name`).
// id_lo is the id's lower half: key and id_lo together are the whole id.
#include <array>

#include "store/sqlite/migrations.h"

namespace junctor::store {
namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE schema_migration (
  version INTEGER PRIMARY KEY, name TEXT, checksum INTEGER, applied_at INTEGER
);
CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
CREATE TABLE name (no INTEGER PRIMARY KEY, text TEXT NOT NULL);

-- What came in. checksum: CRC-32C over method, url, headers, body.
CREATE TABLE request (
  key INTEGER PRIMARY KEY, id_lo INTEGER NOT NULL, tenant INTEGER NOT NULL,
  integration INTEGER NOT NULL, connector INTEGER NOT NULL, received_at INTEGER NOT NULL,
  checksum INTEGER NOT NULL, dedupe_key TEXT, method TEXT, url TEXT, remote_ip TEXT,
  headers BLOB, body BLOB
);
-- Requests not yet through the flow. print: fingerprint of the dedupe key.
CREATE TABLE inbox (
  key INTEGER PRIMARY KEY, id_lo INTEGER NOT NULL, tenant INTEGER NOT NULL, print INTEGER
);
-- One row a transaction: 16 bytes (fingerprint, row key) an entry of the dedupe window.
CREATE TABLE dedupe (no INTEGER PRIMARY KEY, newest_key INTEGER NOT NULL, entries BLOB NOT NULL);

-- request_key is NULL where the event has its request's id. checksum: CRC-32C over the texts.
CREATE TABLE event (
  key INTEGER PRIMARY KEY, id_lo INTEGER NOT NULL, request_key INTEGER, request_lo INTEGER,
  tenant INTEGER NOT NULL, integration INTEGER NOT NULL, source INTEGER NOT NULL,
  received_at INTEGER NOT NULL, occurred_at INTEGER NOT NULL, checksum INTEGER NOT NULL,
  sequence INTEGER, hops INTEGER NOT NULL, stale INTEGER NOT NULL, type TEXT,
  source_event_id TEXT, resource_type TEXT, resource_id TEXT, correlation_id TEXT, actor TEXT,
  metadata TEXT, data TEXT, payload TEXT
);
CREATE TABLE event_index (tenant INTEGER, key INTEGER, PRIMARY KEY (tenant, key)) WITHOUT ROWID;

CREATE TABLE delivery (
  key INTEGER PRIMARY KEY, id_lo INTEGER NOT NULL, event_key INTEGER NOT NULL,
  event_lo INTEGER NOT NULL, tenant INTEGER NOT NULL, integration INTEGER NOT NULL,
  destination INTEGER NOT NULL, route INTEGER NOT NULL, rule_version INTEGER NOT NULL,
  state INTEGER NOT NULL, attempts INTEGER NOT NULL, tries INTEGER NOT NULL,
  next_at INTEGER NOT NULL, created_at INTEGER NOT NULL, order_key TEXT, reason TEXT
);
-- By lane, so that a scan steps over the backlog of a destination that takes no more.
CREATE INDEX delivery_due ON delivery (tenant, destination, next_at) WHERE state = 0;
CREATE INDEX delivery_dead ON delivery (tenant) WHERE state = 5;
CREATE INDEX delivery_stuck ON delivery (state) WHERE state = 2 OR state = 5;
CREATE INDEX delivery_by_event ON delivery (event_key);
CREATE TABLE delivery_index (tenant INTEGER, key INTEGER, PRIMARY KEY (tenant, key)) WITHOUT ROWID;

-- Up to which key event_index and delivery_index are complete (tenant_index.h).
INSERT INTO setting VALUES ('event_indexed', 0), ('delivery_indexed', 0);

-- try: counts over redrives, which start `number` again at 1.
CREATE TABLE attempt (
  delivery_key INTEGER NOT NULL, try INTEGER NOT NULL, number INTEGER NOT NULL,
  started_at INTEGER NOT NULL, latency_us INTEGER NOT NULL, outcome INTEGER NOT NULL,
  status INTEGER NOT NULL, error TEXT, request_head TEXT, response_head TEXT,
  PRIMARY KEY (delivery_key, try)
) WITHOUT ROWID;

-- The ledger: how many requests, events and deliveries by state a tenant has.
CREATE TABLE counter (
  tenant INTEGER PRIMARY KEY, requests INTEGER NOT NULL, inbox INTEGER NOT NULL,
  events INTEGER NOT NULL, pending INTEGER NOT NULL, running INTEGER NOT NULL,
  waiting INTEGER NOT NULL, delivered INTEGER NOT NULL, filtered INTEGER NOT NULL,
  dead INTEGER NOT NULL, discarded INTEGER NOT NULL
);

CREATE TABLE document (
  kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE token (
  id TEXT PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, tenant TEXT, role TEXT NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;
)sql";

// What it held is found in the dedupe window.
constexpr std::string_view kInboxWithoutPrint = "ALTER TABLE inbox DROP COLUMN print;";

// Who is open in the order of a key: the first of them is due, the others wait behind it.
constexpr std::string_view kOrderedDeliveries =
    "CREATE INDEX delivery_ordered ON delivery (tenant, destination, order_key, key)"
    " WHERE order_key IS NOT NULL AND (state = 0 OR state = 2);";

// The scripts that were applied to an event; what a mapping made for a delivery.
constexpr std::string_view kMapped = R"sql(
ALTER TABLE event ADD COLUMN rules TEXT;
ALTER TABLE delivery ADD COLUMN mapping TEXT;
ALTER TABLE delivery ADD COLUMN body TEXT;
)sql";

// What durable flows remember of their steps.
constexpr std::string_view kSteps = R"sql(
CREATE TABLE step (
  delivery_key INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, target TEXT, digest TEXT,
  state INTEGER NOT NULL, tries INTEGER NOT NULL, started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL, due_at INTEGER NOT NULL, result TEXT, error TEXT,
  UNIQUE (delivery_key, key)
);
CREATE INDEX step_waiting ON step (delivery_key) WHERE state = 1 AND kind = 'wait';
)sql";

// Why a dead letter died, what goes first, how many deliveries there ever were.
constexpr std::string_view kFairness = R"sql(
ALTER TABLE delivery ADD COLUMN cause INTEGER;
ALTER TABLE delivery ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
ALTER TABLE delivery ADD COLUMN latest_only INTEGER NOT NULL DEFAULT 0;
DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (tenant, destination, priority, next_at) WHERE state = 0;
CREATE INDEX delivery_dead_cause ON delivery (tenant, cause) WHERE state = 5;
CREATE INDEX delivery_dead_destination ON delivery (tenant, destination) WHERE state = 5;
ALTER TABLE counter ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0;
UPDATE counter SET accepted = pending + running + waiting + delivered + filtered + dead + discarded;
)sql";

// Requests that wait for their integration to be enabled: of the inbox, but not looked at.
constexpr std::string_view kParked = R"sql(
CREATE TABLE parked (
  key INTEGER PRIMARY KEY, id_lo INTEGER NOT NULL, tenant INTEGER NOT NULL,
  integration TEXT NOT NULL
);
CREATE INDEX parked_of ON parked (integration);
)sql";

constexpr std::array<Migration, 7> kMigrations = {{{1, "first", kFirst},
                                                   {2, "inbox-without-print", kInboxWithoutPrint},
                                                   {3, "ordered-deliveries", kOrderedDeliveries},
                                                   {4, "mapped", kMapped},
                                                   {5, "steps", kSteps},
                                                   {6, "fairness", kFairness},
                                                   {7, "parked", kParked}}};

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

}  // namespace junctor::store
