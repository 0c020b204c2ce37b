#include "store/postgres/member.h"

#include <algorithm>
#include <set>

#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/postgres/schema.h"

namespace junctor::store::postgres {
namespace {

constexpr int64_t kBeatsPerLease = 4;
constexpr int64_t kWaitMs = 50;  // for a notice; also how late a stop is noticed
constexpr int64_t kUpkeepEveryMs = 3'600'000;

// What dead epochs held is nobody's. Deliveries that wait for their time were nobody's already.
Result<void> release(Connection& connection, Rows& fenced, int column) {
  Column epochs(Column::Numbers);
  fenced.rewind();
  while (fenced.row()) epochs.add(fenced.integer(column));
  const Params dead = Params::of(std::move(epochs));
  JUNCTOR_CHECK(connection.runAll(
      {{"UPDATE inbox SET epoch = 0 WHERE epoch = ANY($1::int8[])", dead},
       {"UPDATE delivery SET epoch = 0 WHERE state = 0 AND epoch = ANY($1::int8[])", dead}}));
  return {};
}

}  // namespace

Member::Member(MemberOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Member::~Member() {
  stopping_ = true;
  news_.wake();
  thread_.join();
  teller_.join();
  leave();
}

Result<void> Member::start() {
  JUNCTOR_CHECK(connect());
  JUNCTOR_CHECK(join());
  JUNCTOR_CHECK(compareDocuments(false));
  thread_ = Thread("jn-member", [this] { run(); });
  teller_ = Thread("jn-told", [this] { tell(); });
  return {};
}

void Member::watch(Store::Watcher watcher) {
  {
    const std::lock_guard lock(kinds_mutex_);
    kinds_ = watcher.kinds;
  }
  {
    const std::lock_guard lock(lost_mutex_);
    lost_ = watcher.lost;
  }
  const std::lock_guard lock(mutex_);
  watcher_ = std::move(watcher);
}

std::string Member::watched(const std::string& kind) {
  const std::string family = kind.substr(0, kind.find('/'));
  const std::lock_guard lock(kinds_mutex_);
  return std::find(kinds_.begin(), kinds_.end(), family) == kinds_.end() ? "" : family;
}

void Member::suspect() {
  suspected_ = true;
}

Result<void> Member::connect() {
  JUNCTOR_TRY(connection_, Connection::open(options_.location, clock_, true));
  JUNCTOR_TRY(lock_, lockNumber(*connection_, "join"));
  channel_ = "junctor_" + std::to_string(static_cast<uint64_t>(lock_));
  JUNCTOR_CHECK(connection_->script("LISTEN " + channel_));
  reachable_since_ms_ = clock_.monotonicMs();
  reachable_ = true;
  return {};
}

// A lane is kept over a new epoch if nobody has it: ids go on as they were.
Result<void> Member::join() {
  JUNCTOR_CHECK(connection_->script("BEGIN"));
  const auto joined = [&]() -> Result<void> {
    JUNCTOR_CHECK(connection_->run({"SELECT pg_advisory_xact_lock($1::int8)", Params::of(lock_)}));
    JUNCTOR_TRY(Rows past, connection_->run({"DELETE FROM node WHERE name = $1 RETURNING epoch",
                                             Params::of(options_.name)}));
    if (past.size() > 0) JUNCTOR_CHECK(release(*connection_, past, 0));
    JUNCTOR_TRY(
        Rows mine,
        connection_->run(
            {"INSERT INTO node SELECT nextval('node_epoch'),"
             " (SELECT l FROM generate_series(0, $3::int8 - 1) l"
             "  WHERE l NOT IN (SELECT lane FROM node) ORDER BY l <> $4::int8, l LIMIT 1), $1,"
             " clock_timestamp() + $2::int8 * interval '1 ms' RETURNING epoch, lane",
             Params::of(options_.name, options_.lease_ms, IdSource::kLanes,
                        int64_t{lane_.load()})}));
    mine.row();
    JUNCTOR_CHECK(connection_->script("COMMIT"));
    JUNCTOR_CHECK(countNodes());
    load_.requests = 0;
    load_.deliveries = 0;
    lane_.store(static_cast<int>(mine.integer(1)), std::memory_order_release);
    epoch_.store(mine.integer(0), std::memory_order_release);
    return {};
  };
  auto result = joined();
  if (!result && !connection_->lost()) (void)connection_->script("ROLLBACK");
  renewed_ms_ = clock_.monotonicMs();
  return result;
}

void Member::run() {
  while (!stopping_) {
    if (connection_ && !connection_->lost()) {
      beat();
      continue;
    }
    reachable_ = false;
    connection_.reset();
    retry_ms_ = std::min(limits::kStoreReconnectMs, std::max(kWaitMs, 2 * retry_ms_));
    std::this_thread::sleep_for(std::chrono::milliseconds(retry_ms_));
    if (connect()) {
      retry_ms_ = 0;
      renewed_ms_ = polled_ms_ = 0;
      log::info("store", {}, "the database is reached again");
    }
  }
}

void Member::beat() {
  if (const auto notice = connection_->notice(kWaitMs)) {
    if (notice->empty()) {
      news_.push("");
    } else {
      (void)compareDocuments(true);
    }
  }
  const int64_t now = clock_.monotonicMs();
  if (suspected_.exchange(false) || now - renewed_ms_ >= options_.lease_ms / kBeatsPerLease) {
    if (const auto renewed = renew(); !renewed) {
      log::error("store", {}, "lease not renewed: {}", describe(renewed.error()));
    }
  }
  if (connection_->lost() || now - polled_ms_ < limits::kStorePollMs) return;
  polled_ms_ = now;
  (void)compareDocuments(true);
  news_.push("");
}

Result<void> Member::countNodes() {
  JUNCTOR_TRY(Rows count, connection_->run({"SELECT count(*)::int8 FROM node"}));
  if (count.row()) nodes_.store(static_cast<int>(count.integer(0)), std::memory_order_relaxed);
  return {};
}

// A lease that ran out while nobody took over is simply renewed.
Result<void> Member::renew() {
  JUNCTOR_TRY(const Rows renewed,
              connection_->run({"UPDATE node SET lease_until = clock_timestamp()"
                                " + $2::int8 * interval '1 ms' WHERE epoch = $1::int8",
                                Params::of(epoch(), options_.lease_ms)}));
  renewed_ms_ = clock_.monotonicMs();
  if (renewed.changed() == 0) {
    log::warn("store", {}, "this node was silent for too long: others have its work");
    epoch_.store(0, std::memory_order_release);
    tellLost();
    JUNCTOR_CHECK(join());
    tellLost();  // the lane may be another
    return {};
  }
  JUNCTOR_CHECK(countNodes());
  // After an outage all leases have run out; whoever is back first must not fence the others.
  if (renewed_ms_ - reachable_since_ms_ < options_.lease_ms) return {};
  return takeOver();
}

Result<void> Member::takeOver() {
  JUNCTOR_TRY(const Rows late, connection_->run({"SELECT 1 FROM node WHERE lease_until <"
                                                 " clock_timestamp() LIMIT 1"}));
  if (late.size() == 0) return {};
  JUNCTOR_CHECK(connection_->script("BEGIN"));
  const auto taken = [&]() -> Result<size_t> {
    JUNCTOR_TRY(Rows fenced,
                connection_->run({"DELETE FROM node WHERE epoch IN (SELECT epoch FROM node WHERE"
                                  " lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED)"
                                  " RETURNING epoch, name"}));
    while (fenced.row()) {
      log::warn("store", {}, "node {} fell silent: its work is taken over", fenced.text(1));
    }
    if (fenced.size() > 0) JUNCTOR_CHECK(release(*connection_, fenced, 0));
    JUNCTOR_CHECK(connection_->script("COMMIT; NOTIFY " + channel_));
    return fenced.size();
  };
  const auto result = taken();
  if (!result && !connection_->lost()) (void)connection_->script("ROLLBACK");
  if (!result) return result.error();
  if (*result > 0) news_.push("");
  return {};
}

Result<void> Member::compareDocuments(bool tell) {
  JUNCTOR_TRY(Rows rows, connection_->run({"SELECT kind, version FROM document_change"}));
  while (rows.row()) {
    int64_t& known = versions_[rows.text(0)];
    if (known == rows.integer(1)) continue;
    known = rows.integer(1);
    if (tell) news_.push(rows.text(0));
  }
  return {};
}

void Member::tell() {
  constexpr std::chrono::milliseconds kWait{200};
  while (!stopping_) {
    const std::vector<std::string> news = news_.take(kWait);
    const std::set<std::string> once(news.begin(), news.end());
    const std::lock_guard lock(mutex_);
    for (const std::string& kind : once) {
      const auto& kinds = watcher_.kinds;
      const bool asked = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
      if (kind.empty() && watcher_.work) watcher_.work();
      if (asked && watcher_.documents) watcher_.documents(kind);
    }
    upkeep();
  }
}

// Once an hour, on a session of its own: it may take seconds.
void Member::upkeep() {
  const int64_t now = clock_.monotonicMs();
  if (upkeep_ms_ == 0) upkeep_ms_ = now;  // start() has just done it
  if (now - upkeep_ms_ < kUpkeepEveryMs) return;
  upkeep_ms_ = now;
  const auto keep = [this]() -> Result<void> {
    JUNCTOR_TRY(const auto connection, Connection::open(options_.location, clock_, true));
    JUNCTOR_CHECK(makePartitions(*connection, clock_.unixMs()));
    return pruneDedupe(*connection, (clock_.unixMs() - options_.dedupe_window_ms) << 12);
  };
  if (const auto kept = keep(); !kept) {
    log::error("store", {}, "hourly upkeep failed: {}", describe(kept.error()));
  }
}

void Member::tellLost() {
  const std::lock_guard lock(lost_mutex_);
  if (lost_) lost_();
}

void Member::leave() {
  if (!connection_ || connection_->lost()) return;
  (void)connection_->script("BEGIN");
  auto mine = connection_->run(
      {"DELETE FROM node WHERE epoch = $1::int8 RETURNING epoch", Params::of(epoch())});
  if (!mine || !release(*connection_, *mine, 0)) return;
  (void)connection_->script("COMMIT; NOTIFY " + channel_);
}

}  // namespace junctor::store::postgres
