// Rules the tables follow: every key is led by tenant_id, so that the schema shards by tenant; a
// row's key rises with time (Uuid::orderKey()), and requests and events lie in a table a day, so
// that dropping a day is cheap; text that strangers wrote is bytea, since text refuses NUL and
// broken UTF-8. id_lo is the id's lower half: key and id_lo together are the whole id.
//
// Row-level security is forced on every table: a session sees the rows of the tenant it named
// (junctor.tenant), and all of them only where it said that it is the host (junctor.host).
#include "store/postgres/schema.h"

#include <array>

#include "store/fingerprint.h"

namespace junctor::store::postgres {
namespace {

struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;  // never edited once released: add another migration
};

constexpr std::string_view kFirst = R"sql(
CREATE TABLE setting (name text PRIMARY KEY, value bigint NOT NULL);

-- The nodes that live. What a node works on carries its epoch; 0 is nobody's.
CREATE SEQUENCE node_epoch;
CREATE TABLE node (
  epoch bigint PRIMARY KEY, lane integer NOT NULL UNIQUE, name text NOT NULL UNIQUE,
  lease_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- What came in. checksum: CRC-32C over method, url, headers, body.
CREATE TABLE request (
  tenant_id text COLLATE "C" NOT NULL, key bigint NOT NULL, id_lo bigint NOT NULL,
  integration text COLLATE "C", connector text COLLATE "C", received_at bigint NOT NULL,
  checksum bigint NOT NULL, dedupe_key bytea, method bytea, url bytea, remote_ip bytea,
  headers bytea COMPRESSION lz4, body bytea COMPRESSION lz4,
  PRIMARY KEY (tenant_id, key)
) PARTITION BY RANGE (key);
CREATE TABLE request_other PARTITION OF request DEFAULT;
-- Requests not yet through the flow.
CREATE TABLE inbox (
  tenant_id text COLLATE "C" NOT NULL, key bigint NOT NULL, id_lo bigint NOT NULL,
  epoch bigint NOT NULL, PRIMARY KEY (tenant_id, key)
);
CREATE INDEX inbox_epoch ON inbox (epoch, key);
-- print: 128 bits made of space, integration and key under a secret of this store.
CREATE TABLE dedupe (
  tenant_id text COLLATE "C" NOT NULL, print uuid NOT NULL, key bigint NOT NULL,
  id_lo bigint NOT NULL, PRIMARY KEY (tenant_id, print)
);

-- request_key is NULL where the event has its request's id. checksum: CRC-32C over the texts.
CREATE TABLE event (
  tenant_id text COLLATE "C" NOT NULL, key bigint NOT NULL, id_lo bigint NOT NULL,
  request_key bigint, request_lo bigint, integration text COLLATE "C", source text COLLATE "C",
  received_at bigint NOT NULL, occurred_at bigint NOT NULL, checksum bigint NOT NULL,
  sequence bigint, hops bigint NOT NULL, stale bigint NOT NULL, type bytea,
  source_event_id bytea, resource_type bytea, resource_id bytea, correlation_id bytea,
  actor bytea, metadata bytea, data bytea COMPRESSION lz4, payload bytea COMPRESSION lz4,
  rules bytea, PRIMARY KEY (tenant_id, key)
) PARTITION BY RANGE (key);
CREATE TABLE event_other PARTITION OF event DEFAULT;

-- order_lock: the number that is locked while the order of its key changes.
CREATE TABLE delivery (
  tenant_id text COLLATE "C" NOT NULL, key bigint NOT NULL, id_lo bigint NOT NULL,
  event_key bigint NOT NULL, event_lo bigint NOT NULL, integration text COLLATE "C",
  destination text COLLATE "C" NOT NULL, route text COLLATE "C", rule_version text COLLATE "C",
  state bigint NOT NULL, attempts bigint NOT NULL, tries bigint NOT NULL, next_at bigint NOT NULL,
  created_at bigint NOT NULL, order_key bytea, order_lock bigint, reason bytea, mapping bytea,
  body bytea COMPRESSION lz4, epoch bigint NOT NULL, cause bigint, priority bigint NOT NULL,
  latest_only bigint NOT NULL, PRIMARY KEY (tenant_id, key)
) WITH (fillfactor = 85);
-- By lane, so that a scan steps over the backlog of a destination that takes no more.
CREATE INDEX delivery_due ON delivery (tenant_id, destination, priority, next_at, key)
  WHERE state = 0;
CREATE INDEX delivery_dead_cause ON delivery (tenant_id, cause, key) WHERE state = 5;
CREATE INDEX delivery_dead_destination ON delivery (tenant_id, destination, key) WHERE state = 5;
CREATE INDEX delivery_stuck ON delivery (tenant_id, state, key) WHERE state = 2 OR state = 5;
CREATE INDEX delivery_ordered ON delivery (tenant_id, destination, order_key, key)
  WHERE order_key IS NOT NULL AND (state = 0 OR state = 2);
CREATE INDEX delivery_by_event ON delivery (tenant_id, event_key);

-- try: counts over redrives, which start `number` again at 1.
CREATE TABLE attempt (
  tenant_id text COLLATE "C" NOT NULL, delivery_key bigint NOT NULL, try bigint NOT NULL,
  number bigint NOT NULL, started_at bigint NOT NULL, latency_us bigint NOT NULL,
  outcome bigint NOT NULL, status bigint NOT NULL, error bytea, request_head bytea,
  response_head bytea, PRIMARY KEY (tenant_id, delivery_key, try)
);

-- What durable flows remember of their steps.
CREATE TABLE step (
  tenant_id text COLLATE "C" NOT NULL, delivery_key bigint NOT NULL, key bytea NOT NULL,
  kind bytea, target bytea, digest bytea, state bigint NOT NULL, tries bigint NOT NULL,
  started_at bigint NOT NULL, ended_at bigint NOT NULL, due_at bigint NOT NULL,
  result bytea COMPRESSION lz4, error bytea, PRIMARY KEY (tenant_id, delivery_key, key)
);
CREATE INDEX step_waiting ON step (tenant_id, delivery_key) WHERE state = 1 AND kind = 'wait';

-- The ledger: how many requests, events and deliveries by state. A row a node's lane, so that
-- nodes do not wait for each other; the sums count.
CREATE TABLE counter (
  tenant_id text COLLATE "C" NOT NULL, lane integer NOT NULL,
  requests bigint NOT NULL, inbox bigint NOT NULL, events bigint NOT NULL,
  pending bigint NOT NULL, running bigint NOT NULL, waiting bigint NOT NULL,
  delivered bigint NOT NULL, filtered bigint NOT NULL, dead bigint NOT NULL,
  discarded bigint NOT NULL, accepted bigint NOT NULL, PRIMARY KEY (tenant_id, lane)
) WITH (fillfactor = 50);

CREATE TABLE document (
  kind text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, json bytea NOT NULL,
  PRIMARY KEY (kind, key)
);
-- How often documents of a kind changed: what a node compares when it heard no notice.
CREATE TABLE document_change (
  kind text COLLATE "C" PRIMARY KEY, version bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE token (
  id text COLLATE "C" PRIMARY KEY, sha256 text COLLATE "C" NOT NULL UNIQUE, tenant_id text,
  role text NOT NULL, created_at bigint NOT NULL, expires_at bigint NOT NULL
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['request', 'inbox', 'dedupe', 'event', 'delivery', 'attempt',
                              'step', 'counter'] LOOP
    EXECUTE format('CREATE POLICY tenant ON %I USING ('
      '(SELECT current_setting(''junctor.host'', true)) = ''on'' OR '
      'tenant_id = (SELECT current_setting(''junctor.tenant'', true)))', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['schema_migration', 'setting', 'node', 'document',
                              'document_change', 'token'] LOOP
    EXECUTE format('CREATE POLICY host ON %I USING ('
      '(SELECT current_setting(''junctor.host'', true)) = ''on'')', name);
  END LOOP;
  -- Partitions have no policy of their own: asked directly they show nothing.
  FOR name IN SELECT c.relname FROM pg_class c
              WHERE c.relnamespace = current_schema()::regnamespace
                AND c.relkind IN ('r', 'p') LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
  END LOOP;
END $$;
)sql";

// Requests that wait for their integration to be enabled: of the inbox, but not looked at.
constexpr std::string_view kParked = R"sql(
CREATE TABLE parked (
  tenant_id text COLLATE "C" NOT NULL, key bigint NOT NULL, id_lo bigint NOT NULL,
  integration text COLLATE "C" NOT NULL, PRIMARY KEY (tenant_id, key)
);
CREATE INDEX parked_of ON parked (integration, key);
CREATE POLICY tenant ON parked USING (
  (SELECT current_setting('junctor.host', true)) = 'on' OR
  tenant_id = (SELECT current_setting('junctor.tenant', true)));
ALTER TABLE parked ENABLE ROW LEVEL SECURITY;
ALTER TABLE parked FORCE ROW LEVEL SECURITY;
)sql";

constexpr std::array<Migration, 2> kMigrations = {{{1, "first", kFirst}, {2, "parked", kParked}}};
constexpr int64_t kPruneRows = 5'000;
constexpr int64_t kDayMs = 24LL * 3600 * 1000;

struct Applied {
  int64_t version, checksum;
};

Result<bool> exists(Connection& connection) {
  JUNCTOR_TRY(const Rows rows,
              connection.run({"SELECT 1 FROM pg_class WHERE relname = 'schema_migration'"
                              " AND relnamespace = to_regnamespace(current_schema()::text)"}));
  return rows.size() > 0;
}

// How many of ours are applied; an error if there are others.
Result<size_t> countApplied(Connection& connection) {
  JUNCTOR_TRY(Rows rows, connection.run({"SELECT version, checksum FROM schema_migration"
                                         " ORDER BY version"}));
  size_t count = 0;
  for (; rows.row(); ++count) {
    if (count >= kMigrations.size()) {
      return invalidArgument("the database has a newer schema than this program knows (" +
                             std::to_string(kMigrations.size()) + "): use the newer program");
    }
    const Migration& ours = kMigrations[count];
    if (rows.integer(0) != ours.version || rows.integer(1) != crc32c(ours.sql)) {
      return invalidArgument("migration " + std::to_string(rows.integer(0)) +
                             " of the database is not the one this program knows");
    }
  }
  return count;
}

Result<void> applyMissing(Connection& connection, const Clock& clock) {
  JUNCTOR_TRY(const bool there, exists(connection));
  if (!there) {
    JUNCTOR_CHECK(
        connection.script("CREATE TABLE schema_migration (version bigint PRIMARY KEY,"
                          " name text, checksum bigint, applied_at bigint)"));
  }
  JUNCTOR_TRY(const size_t done, countApplied(connection));
  for (size_t i = done; i < kMigrations.size(); ++i) {
    const Migration& step = kMigrations[i];
    JUNCTOR_CHECK(connection.script(std::string(step.sql)));
    JUNCTOR_CHECK(connection.run(
        {"INSERT INTO schema_migration VALUES ($1::int8, $2, $3::int8, $4::int8)",
         Params::of(int64_t{step.version}, step.name, int64_t{crc32c(step.sql)}, clock.unixMs())}));
  }
  return {};
}

std::string dayName(int64_t ms) {
  const std::string text = formatRfc3339(ms);
  return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2);
}

}  // namespace

Result<int64_t> lockNumber(Connection& connection, std::string_view purpose) {
  JUNCTOR_TRY(Rows rows, connection.run({"SELECT current_schema()::text"}));
  rows.row();
  if (rows.bytes(0).empty()) return notFound("the database has no schema to work in");
  return static_cast<int64_t>(fingerprint({0x6a756e63746f7231, 0x706f737467726573},
                                          DedupeSpace::Request, rows.bytes(0), purpose));
}

Result<void> migrate(Connection& connection, const Clock& clock) {
  JUNCTOR_TRY(const int64_t lock, lockNumber(connection, "migrate"));
  JUNCTOR_CHECK(connection.script("BEGIN"));
  JUNCTOR_CHECK(connection.run({"SELECT pg_advisory_xact_lock($1::int8)", Params::of(lock)}));
  const auto applied = applyMissing(connection, clock);
  if (!applied) {
    if (!connection.lost()) (void)connection.script("ROLLBACK");
    return applied;
  }
  return connection.script("COMMIT");
}

Result<void> checkSchema(Connection& connection) {
  JUNCTOR_TRY(const bool there, exists(connection));
  if (!there) return notFound("the database holds no Junctor store");
  JUNCTOR_TRY(const size_t done, countApplied(connection));
  if (done == kMigrations.size()) return {};
  return unavailable("the store has an older schema: start the server once to migrate it");
}

// Where rows of that day are in the default partition already (a clock that was wrong), the day
// cannot have a table of its own any more: they stay there together.
Result<void> makePartitions(Connection& connection, int64_t now_ms) {
  JUNCTOR_TRY(const int64_t lock, lockNumber(connection, "partitions"));
  const int64_t today = now_ms / kDayMs * kDayMs;
  for (const int64_t day : {today, today + kDayMs}) {
    for (const std::string table : {"request", "event"}) {
      const std::string name = table + "_" + dayName(day);
      JUNCTOR_TRY(const Rows known,
                  connection.run({"SELECT 1 FROM pg_class WHERE relname = $1 AND relnamespace ="
                                  " to_regnamespace(current_schema()::text)",
                                  Params::of(name)}));
      if (known.size() > 0) continue;
      const auto made = connection.script(
          "BEGIN; SELECT pg_advisory_xact_lock(" + std::to_string(lock) +
          "); CREATE TABLE IF NOT EXISTS " + name + " PARTITION OF " + table +
          " FOR VALUES FROM (" + std::to_string(day << 12) + ") TO (" +
          std::to_string((day + kDayMs) << 12) + "); ALTER TABLE " + name +
          " ENABLE ROW LEVEL SECURITY; ALTER TABLE " + name + " FORCE ROW LEVEL SECURITY; COMMIT");
      if (connection.lost()) return made;
      if (!made) JUNCTOR_CHECK(connection.script("ROLLBACK"));
    }
  }
  return {};
}

// In bounded steps that nobody waits for; what another transaction holds is left for the next time.
// No index leads to the old rows: it would cost every request, and they stand at the table's start.
Result<void> pruneDedupe(Connection& connection, int64_t oldest_key) {
  int64_t deleted = 0;
  do {
    JUNCTOR_TRY(const Rows rows,
                connection.run({"DELETE FROM dedupe WHERE ctid = ANY(ARRAY(SELECT ctid FROM dedupe"
                                " WHERE key <= $1::int8 LIMIT $2::int8 FOR UPDATE SKIP LOCKED))",
                                Params::of(oldest_key, kPruneRows)}));
    deleted = rows.changed();
  } while (deleted == kPruneRows);
  return {};
}

}  // namespace junctor::store::postgres
