#include "store/postgres/pg_readers.h"

#include "base/limits.h"

namespace junctor::store::postgres {

Result<Rows> PgReaders::query(const std::string& tenant, Query query) {
  for (;;) {
    bool fresh = false;
    JUNCTOR_TRY(auto connection, borrow(fresh));
    auto rows = ask(*connection, tenant, query);
    const bool lost = connection->lost();
    if (!rows && !lost) (void)connection->script("ROLLBACK");
    giveBack(std::move(connection));
    if (rows || !lost || fresh) return rows;
  }
}

Result<Rows> PgReaders::ask(Connection& connection, const std::string& tenant, const Query& query) {
  JUNCTOR_TRY(auto answers, connection.runAll({{"BEGIN"},
                                               {"SELECT set_config('junctor.tenant', $1, true),"
                                                " set_config('junctor.host', $2, true)",
                                                Params::of(tenant, tenant.empty() ? "on" : "")},
                                               query,
                                               {"COMMIT"}}));
  return std::move(answers[2]);
}

Result<std::unique_ptr<Connection>> PgReaders::borrow(bool& fresh) {
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty() || open_ < limits::kStoreReaders; });
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    ++open_;
  }
  fresh = true;
  auto opened = Connection::open(location_, clock_, false);
  if (!opened) giveBack(nullptr);
  return opened;
}

void PgReaders::giveBack(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (connection && !connection->lost()) {
    idle_.push_back(std::move(connection));
  } else {
    --open_;
  }
  returned_.notify_one();
}

}  // namespace junctor::store::postgres
