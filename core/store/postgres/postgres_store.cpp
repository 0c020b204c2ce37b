#include "store/postgres/postgres_store.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <future>

#include "base/limits.h"
#include "base/log.h"
#include "base/random.h"
#include "store/postgres/schema.h"
#include "store/row_codec.h"

namespace junctor::store::postgres {
namespace {

// Our own option, taken out of the location: libpq refuses what it does not know.
Result<int64_t> takeLease(std::string& location) {
  constexpr std::string_view kName = "lease_ms=";
  const size_t at = location.find(kName);
  if (at == std::string::npos || (location[at - 1] != '?' && location[at - 1] != '&')) {
    return limits::kStoreLeaseMs;
  }
  size_t end = location.find('&', at);
  if (end == std::string::npos) end = location.size();
  int64_t lease = 0;
  const char* const first = location.data() + at + kName.size();
  const auto [stop, code] = std::from_chars(first, location.data() + end, lease);
  if (code != std::errc() || stop != location.data() + end || lease < 100) {
    return invalidArgument("lease_ms of the store must be a number of at least 100");
  }
  const bool last = end == location.size();
  location.erase(last ? at - 1 : at, last ? std::string::npos : end + 1 - at);
  return lease;
}

std::string hostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "node";
}

// The dedupe prints' key is made once per store: stored prints depend on it.
Result<FingerprintKey> loadFingerprintKey(Connection& connection) {
  for (const char* name : {"fingerprint_k0", "fingerprint_k1"}) {
    JUNCTOR_CHECK(
        connection.run({"INSERT INTO setting VALUES ($1, $2::int8) ON CONFLICT (name) DO NOTHING",
                        Params::of(name, static_cast<int64_t>(entropy()))}));
  }
  JUNCTOR_TRY(Rows rows, connection.run({"SELECT value FROM setting WHERE name IN"
                                         " ('fingerprint_k0', 'fingerprint_k1') ORDER BY name"}));
  FingerprintKey key;
  if (rows.row()) key.k0 = rows.word(0);
  if (rows.row()) key.k1 = rows.word(0);
  return key;
}

// Row-level security does not bind a superuser.
Result<void> warnOfPrivilege(Connection& connection) {
  JUNCTOR_TRY(Rows rows, connection.run({"SELECT 1 FROM pg_roles WHERE rolname = current_user AND"
                                         " (rolsuper OR rolbypassrls)"}));
  if (rows.size() > 0) {
    log::warn("store", {}, "the database role may bypass row-level security: use a plain one");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> PostgresStore::open(const std::string& location,
                                                   const StoreOptions& options,
                                                   const Clock& clock) {
  std::string place = location;
  JUNCTOR_TRY(const int64_t lease_ms, takeLease(place));
  std::unique_ptr<PostgresStore> store(new PostgresStore(place, clock));
  if (options.read_only) {
    JUNCTOR_TRY(const auto connection, Connection::open(place, clock, true));
    JUNCTOR_CHECK(checkSchema(*connection));
  } else {
    JUNCTOR_CHECK(store->start(place, lease_ms, options, clock));
  }
  return std::unique_ptr<Store>(std::move(store));
}

Result<void> PostgresStore::start(const std::string& location, int64_t lease_ms,
                                  const StoreOptions& options, const Clock& clock) {
  JUNCTOR_TRY(auto connection, PgWriter::connect(location, lease_ms, clock));
  JUNCTOR_CHECK(warnOfPrivilege(*connection));
  JUNCTOR_CHECK(migrate(*connection, clock));
  JUNCTOR_CHECK(makePartitions(*connection, clock.unixMs()));
  JUNCTOR_TRY(const FingerprintKey key, loadFingerprintKey(*connection));
  const int64_t window_ms =
      options.dedupe_window_ms > 0 ? options.dedupe_window_ms : limits::kDedupeWindowMs;
  const std::string name =
      options.node.empty() ? hostName() + ":" + options.data_dir : options.node;
  member_ = std::make_unique<Member>(MemberOptions{location, name, lease_ms, window_ms}, clock);
  JUNCTOR_CHECK(member_->start());
  reader_.claimFor(member_.get());
  JUNCTOR_TRY(const int64_t highest, reader_.highestKey());
  writer_ = std::make_unique<PgWriter>(location, lease_ms, std::move(connection),
                                       std::make_unique<PgSession>(*member_, key, window_ms, clock),
                                       highest, clock);
  return {};
}

PostgresStore::~PostgresStore() {
  writer_.reset();
  member_.reset();
}

void PostgresStore::append(RawRequestPtr request, AppendDone done) {
  AppendWrite write;
  write.done = std::move(done);
  if (!writer_) {
    write.result = readOnly();
    return write.complete();
  }
  write.headers = encodeHeaders(request->headers);
  write.checksum = checksumOf(*request, write.headers);
  write.request = std::move(request);
  writer_->append(std::move(write), member_->reachable());
}

// In the transaction of the change: other nodes hear of it when they can see it.
Result<void> PostgresStore::changed(Connection& connection, const std::string& whole_kind) {
  const std::string kind = member_->watched(whole_kind);
  if (kind.empty()) return {};
  JUNCTOR_CHECK(connection.runAll(
      {{"INSERT INTO document_change AS c VALUES ($1, 1) ON CONFLICT (kind) DO UPDATE SET"
        " version = c.version + 1",
        Params::of(kind)},
       {"SELECT pg_notify($1, $2)", Params::of(member_->channel(), kind)}}));
  return {};
}

Result<int64_t> PostgresStore::unpark(const std::string& integration, int64_t limit) {
  int64_t moved = 0;
  JUNCTOR_CHECK(edit([&](Connection& connection) -> Result<void> {
    JUNCTOR_TRY(const Rows rows,
                connection.run({"WITH f AS MATERIALIZED (SELECT tenant_id, key FROM parked WHERE"
                                " integration = $1 ORDER BY key LIMIT $2::int8 FOR UPDATE"
                                " SKIP LOCKED), moved AS (DELETE FROM parked p USING f WHERE"
                                " p.tenant_id = f.tenant_id AND p.key = f.key RETURNING p.*)"
                                " INSERT INTO inbox SELECT tenant_id, key, id_lo, 0 FROM moved",
                                Params::of(integration, limit)}));
    moved = rows.changed();
    return {};
  }));
  return moved;
}

Result<void> PostgresStore::putDocument(const std::string& kind, const std::string& key,
                                        const std::string& json) {
  if (kind.empty() || key.empty() || json.empty()) {
    return invalidArgument("a document needs a kind, a key and a text");
  }
  return edit([&](Connection& connection) -> Result<void> {
    JUNCTOR_CHECK(
        connection.run({"INSERT INTO document VALUES ($1, $2, $3::bytea)"
                        " ON CONFLICT (kind, key) DO UPDATE SET json = excluded.json",
                        Params::of(kind, key, json)}));
    return changed(connection, kind);
  });
}

Result<void> PostgresStore::removeDocument(const std::string& kind, const std::string& key) {
  return edit([&](Connection& connection) -> Result<void> {
    JUNCTOR_TRY(const Rows rows, connection.run({"DELETE FROM document WHERE kind = $1 AND"
                                                 " key = $2",
                                                 Params::of(kind, key)}));
    if (rows.changed() == 0) return notFound(kind + " '" + key + "' is not stored");
    return changed(connection, kind);
  });
}

Result<void> PostgresStore::putToken(const Token& token) {
  if (token.id.empty() || token.sha256_hex.empty() || token.role.empty()) {
    return invalidArgument("a token needs an id, a hash and a role");
  }
  return edit([&](Connection& connection) -> Result<void> {
    JUNCTOR_CHECK(connection.run(
        {"INSERT INTO token VALUES ($1, $2, $3, $4, $5::int8, $6::int8) ON CONFLICT (id) DO UPDATE"
         " SET sha256 = excluded.sha256, tenant_id = excluded.tenant_id, role = excluded.role,"
         " created_at = excluded.created_at, expires_at = excluded.expires_at",
         Params::of(token.id, token.sha256_hex, token.tenant, token.role, token.created_at_ms,
                    token.expires_at_ms)}));
    return {};
  });
}

Result<void> PostgresStore::removeToken(const std::string& id) {
  return edit([&](Connection& connection) -> Result<void> {
    JUNCTOR_TRY(const Rows rows,
                connection.run({"DELETE FROM token WHERE id = $1", Params::of(id)}));
    if (rows.changed() == 0) return notFound("token '" + id + "' is not stored");
    return {};
  });
}

Health PostgresStore::health() const {
  if (!writer_) return Health::Ok;
  return member_->reachable() ? writer_->health() : Health::Failing;
}

int64_t PostgresStore::highestOrderKey() const {
  auto highest = reader_.highestKey();
  const int64_t stored = highest ? *highest : 0;
  return writer_ ? std::max(stored, writer_->highestKey()) : stored;
}

uint64_t PostgresStore::sizeBytes() const {
  auto size = reader_.sizeBytes();
  return size ? static_cast<uint64_t>(*size) : 0;
}

void PostgresStore::flush() {
  if (writer_) writer_->flush();
}

// A session of its own holds the lock, and gives it up with its end, whatever ends it.
Result<void> PostgresStore::exclusively(const std::string& name,
                                        const std::function<Result<void>()>& work) {
  JUNCTOR_TRY(const auto connection, Connection::open(location_, clock_, false));
  JUNCTOR_CHECK(
      connection->script("SET idle_session_timeout = " + std::to_string(limits::kStoreAnswerMs)));
  JUNCTOR_TRY(const int64_t lock, lockNumber(*connection, name));
  JUNCTOR_CHECK(connection->run({"SELECT pg_advisory_lock($1::int8)", Params::of(lock)}));
  return work();
}

void PostgresStore::watch(Watcher watcher) {
  if (member_) member_->watch(std::move(watcher));
}

}  // namespace junctor::store::postgres
