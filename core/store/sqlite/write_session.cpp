#include "store/sqlite/write_session.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace junctor::store {
namespace {

constexpr int64_t kPruneRows = 4'000;  // a few milliseconds of deleting

std::string_view bytesOf(const std::vector<DedupeEntry>& entries) {
  return {reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(DedupeEntry)};
}

}  // namespace

WriteSession::WriteSession(Database& database, NameTable& names, const FingerprintKey& key,
                           int64_t window_ms, const Clock& clock)
    : database_(database),
      names_(names),
      key_(key),
      clock_(clock),
      window_(window_ms),
      event_index_(database, "event"),
      delivery_index_(database, "delivery"),
      begin_(database, "BEGIN IMMEDIATE"),
      commit_(database, "COMMIT"),
      insert_name_(database, "INSERT INTO name VALUES (?,?)"),
      insert_dedupe_(database, "INSERT INTO dedupe (newest_key, entries) VALUES (?,?)"),
      prune_dedupe_(database,
                    "DELETE FROM dedupe WHERE no < (SELECT min(no) FROM dedupe) + ?"
                    " AND newest_key <= ?"),
      add_counters_(database,
                    "INSERT INTO counter VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (tenant) DO"
                    " UPDATE SET requests=requests+excluded.requests, inbox=inbox+excluded.inbox,"
                    " events=events+excluded.events, pending=pending+excluded.pending,"
                    " running=running+excluded.running, waiting=waiting+excluded.waiting,"
                    " delivered=delivered+excluded.delivered, filtered=filtered+excluded.filtered,"
                    " dead=dead+excluded.dead, discarded=discarded+excluded.discarded,"
                    " accepted=accepted+excluded.accepted"),
      find_request_(database, "SELECT id_lo, integration, dedupe_key FROM request WHERE key=?"),
      insert_request_(database, "INSERT INTO request VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"),
      insert_inbox_(database, "INSERT INTO inbox VALUES (?,?,?)"),
      delete_inbox_(database, "DELETE FROM inbox WHERE key=? AND id_lo=?"),
      insert_parked_(database, "INSERT INTO parked VALUES (?,?,?,?)"),
      find_event_source_(database, "SELECT integration, source_event_id FROM event WHERE key=?"),
      find_event_(database, "SELECT id_lo FROM event WHERE key=?"),
      insert_event_(database,
                    "INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
      delete_event_(database, "DELETE FROM event WHERE key=?"),
      insert_delivery_(database,
                       "INSERT INTO delivery VALUES (?,?,?,?,?,?,?,?,?,?,?,0,?,?,?,?,?,?,"
                       "nullif(?,0),?,?)"),
      find_delivery_(database,
                     "SELECT id_lo, tenant, state, attempts, tries FROM delivery WHERE key=?"),
      update_delivery_(database,
                       "UPDATE delivery SET state=?, attempts=?, tries=?, next_at=?, reason=?,"
                       " cause=coalesce(nullif(?,0),cause), priority=max(priority,?) WHERE key=?"),
      end_attempt_(database,
                   "UPDATE delivery SET state=?2, attempts=?1, tries=?1, next_at=?3, reason=?4,"
                   " cause=nullif(?8,0)"
                   " WHERE key=?5 AND id_lo=?6 AND tenant=?7 AND state=0"
                   " AND attempts=?1-1 AND tries=?1-1"),
      insert_attempt_(database, "INSERT INTO attempt VALUES (?,?,?,?,?,?,?,?,?,?)"),
      find_earlier_(database,
                    "SELECT 1 FROM delivery WHERE tenant=? AND destination=? AND order_key=?"
                    " AND (state=0 OR state=2) LIMIT 1"),
      release_next_(database,
                    "UPDATE delivery SET next_at=?2 WHERE next_at=?3 AND key="
                    "(SELECT n.key FROM delivery d JOIN delivery n ON n.tenant=d.tenant"
                    " AND n.destination=d.destination AND n.order_key=d.order_key"
                    " AND (n.state=0 OR n.state=2) WHERE d.key=?1 AND d.order_key IS NOT NULL"
                    " ORDER BY n.key LIMIT 1)"),
      find_step_(database, "SELECT state FROM step WHERE delivery_key=? AND key=?"),
      put_step_(database,
                "INSERT INTO step VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (delivery_key, key)"
                " DO UPDATE SET kind=excluded.kind, target=excluded.target,"
                " digest=excluded.digest, state=excluded.state, tries=excluded.tries,"
                " started_at=excluded.started_at, ended_at=excluded.ended_at,"
                " due_at=excluded.due_at, result=excluded.result, error=excluded.error"),
      postpone_(database, "UPDATE delivery SET next_at=? WHERE key=?"),
      put_document_(database,
                    "INSERT INTO document VALUES (?,?,?)"
                    " ON CONFLICT (kind, key) DO UPDATE SET json=excluded.json") {}

Result<std::unique_ptr<WriteSession>> WriteSession::open(Database& database, NameTable& names,
                                                         const FingerprintKey& key,
                                                         int64_t window_ms, const Clock& clock) {
  std::unique_ptr<WriteSession> session(new WriteSession(database, names, key, window_ms, clock));
  if (database.failure() != Failure::None) return database.error();
  JUNCTOR_CHECK(session->loadWindow());
  JUNCTOR_CHECK(session->loadHighestKey());
  JUNCTOR_CHECK(session->event_index_.load());
  JUNCTOR_CHECK(session->delivery_index_.load());
  return session;
}

Result<void> WriteSession::loadWindow() {
  const int64_t now = clock_.unixMs();
  const int64_t oldest = window_.oldestKey(now);
  Statement query(database_, "SELECT entries FROM dedupe WHERE newest_key > ?");
  query.with(oldest);
  while (query.row()) {
    std::string_view bytes = query.bytes(0);
    for (; bytes.size() >= sizeof(DedupeEntry); bytes.remove_prefix(sizeof(DedupeEntry))) {
      DedupeEntry entry;
      std::memcpy(&entry, bytes.data(), sizeof entry);
      if (entry.print != 0 && entry.key > oldest) window_.insert(entry, now);
    }
  }
  if (database_.failure() != Failure::None) return database_.error();
  return {};
}

Result<void> WriteSession::loadHighestKey() {
  for (const char* sql : {"SELECT max(key) FROM request", "SELECT max(key) FROM event",
                          "SELECT max(key) FROM delivery"}) {
    Statement query(database_, sql);
    if (!query.row()) return database_.error();
    highest_key_ = std::max(highest_key_, query.integer(0));
  }
  return {};
}

bool WriteSession::commit(std::vector<Write>& batch) {
  now_ms_ = clock_.unixMs();
  batch_highest_key_ = highest_key_;
  fresh_.clear();
  deltas_.clear();
  if (!writeBatch(batch)) {
    rollback();
    return false;
  }
  names_.commit();
  event_index_.commit();
  delivery_index_.commit();
  highest_key_ = batch_highest_key_;
  return true;
}

bool WriteSession::writeBatch(std::vector<Write>& batch) {
  if (!begin_.run()) return false;
  for (Write& write : batch) {
    std::visit([this](auto& operation) { operation.result = apply(operation); }, write);
    if (database_.failure() != Failure::None) return false;
  }
  writeCounters();
  writeDedupe();
  event_index_.foldIfLong();
  delivery_index_.foldIfLong();
  return commit_.run();
}

void WriteSession::rollback() {
  for (const DedupeEntry& entry : fresh_) window_.erase(entry);
  names_.rollback();
  event_index_.rollback();
  delivery_index_.rollback();
  // If it fails the connection is broken, which Database::failure() says already.
  if (database_.inTransaction()) (void)database_.run("ROLLBACK");
}

void WriteSession::writeCounters() {
  for (const auto& [tenant, d] : deltas_) {
    add_counters_
        .with(tenant, d.requests, d.inbox, d.events, d.deliveries[0], d.deliveries[1],
              d.deliveries[2], d.deliveries[3], d.deliveries[4], d.deliveries[5], d.deliveries[6],
              d.accepted)
        .run();
  }
}

void WriteSession::writeDedupe() {
  if (fresh_.empty()) return;
  int64_t newest = 0;
  for (const DedupeEntry& entry : fresh_) newest = std::max(newest, entry.key);
  insert_dedupe_.with(newest, Blob{bytesOf(fresh_)}).run();
}

void WriteSession::remember(uint64_t print, int64_t key) {
  const DedupeEntry entry{print, key};
  window_.insert(entry, now_ms_);
  fresh_.push_back(entry);
}

bool WriteSession::pruneDedupe() {
  return prune_dedupe_.with(kPruneRows, window_.oldestKey(clock_.unixMs())).run();
}

}  // namespace junctor::store
