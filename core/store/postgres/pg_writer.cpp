#include "store/postgres/pg_writer.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"

namespace junctor::store::postgres {
namespace {

constexpr int64_t kIdleMs = 200;  // also how soon an idle node notices that the database is back
constexpr int64_t kFirstRetryMs = 50;
constexpr int kTries = 5;  // of a batch that met a deadlock

void failAll(std::vector<Write>& batch, const Error& error) {
  for (Write& write : batch) {
    std::visit([&](auto& operation) { operation.result = error; }, write);
  }
}

void forget(std::vector<Write>& batch) {
  for (Write& write : batch) {
    std::visit([](auto& operation) { operation.result.reset(); }, write);
  }
}

}  // namespace

PgWriter::PgWriter(std::string location, int64_t lease_ms, std::unique_ptr<Connection> connection,
                   std::unique_ptr<PgSession> session, int64_t highest_key, const Clock& clock)
    : location_(std::move(location)),
      lease_ms_(lease_ms),
      clock_(clock),
      connection_(std::move(connection)),
      session_(std::move(session)),
      highest_key_(highest_key) {
  thread_ = Thread("store", [this] { run(); });
}

PgWriter::~PgWriter() {
  queue_.close();
  thread_.join();
}

// A node that is paused inside a transaction must not keep others from taking over its work.
Result<std::unique_ptr<Connection>> PgWriter::connect(const std::string& location, int64_t lease_ms,
                                                      const Clock& clock) {
  JUNCTOR_TRY(auto connection, Connection::open(location, clock, true));
  JUNCTOR_CHECK(
      connection->script("SET idle_in_transaction_session_timeout = " + std::to_string(lease_ms)));
  return connection;
}

void PgWriter::append(AppendWrite write, bool taking) {
  if (taking && health() == Health::Ok && queue_.pushAppend(std::move(write))) return;
  write.result =
      unavailable(health() == Health::Ok && taking ? "too many requests wait for the database"
                                                   : "the database cannot be reached");
  write.complete();
}

void PgWriter::run() {
  for (;;) {
    std::vector<Write> batch = queue_.take(kIdleMs);
    const bool usable = connected();
    if (batch.empty()) {
      if (queue_.closed()) return;
      continue;
    }
    if (usable) {
      commit(batch);
    } else {
      failAll(batch, broken_);
    }
    for (Write& write : batch) {
      std::visit([](auto& operation) { operation.complete(); }, write);
    }
    queue_.finished();
  }
}

bool PgWriter::connected() {
  if (connection_ && !connection_->lost()) return true;
  connection_.reset();
  health_.store(Health::Failing, std::memory_order_relaxed);
  const int64_t now = clock_.monotonicMs();
  if (now < try_at_ms_) return false;
  auto opened = connect(location_, lease_ms_, clock_);
  if (!opened) {
    broken_ = std::move(opened).error();
    retry_ms_ = std::clamp(2 * retry_ms_, kFirstRetryMs, limits::kStoreReconnectMs);
    try_at_ms_ = clock_.monotonicMs() + retry_ms_;
    return false;
  }
  connection_ = *std::move(opened);
  retry_ms_ = 0;
  health_.store(Health::Ok, std::memory_order_relaxed);
  return true;
}

void PgWriter::commit(std::vector<Write>& batch) {
  for (int tries = 1;; ++tries) {
    const auto written = session_->commit(*connection_, batch);
    if (written) {
      highest_key_.store(session_->highestKey(), std::memory_order_relaxed);
      return;
    }
    const Fault fault = connection_->fault();
    if (fault == Fault::Again && tries < kTries) {
      forget(batch);
      continue;
    }
    if (fault == Fault::Own && batch.size() > 1) return commitOneByOne(batch);
    failAll(batch, written.error());
    if (fault == Fault::Own) return;
    log::error("store", {}, "a batch of {} writes failed: {}", batch.size(),
               describe(written.error()));
    if (fault == Fault::Lost) {
      broken_ = written.error();
      health_.store(Health::Failing, std::memory_order_relaxed);
    }
    return;
  }
}

// One of them broke a constraint: the others must not suffer for it.
void PgWriter::commitOneByOne(std::vector<Write>& batch) {
  for (Write& write : batch) {
    std::vector<Write> single;
    single.push_back(std::move(write));
    forget(single);
    if (connection_->lost()) {
      failAll(single, broken_);
    } else {
      commit(single);
    }
    write = std::move(single.front());
  }
}

}  // namespace junctor::store::postgres
