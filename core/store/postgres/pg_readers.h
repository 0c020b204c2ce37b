#pragma once
// PgReaders: a few sessions that read, lent out one query at a time. Every query runs in a
// transaction that first says whose rows it may see: row-level security lets through nothing else,
// whatever the query asks for.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/postgres/connection.h"

namespace junctor::store::postgres {

class PgReaders {
 public:
  PgReaders(std::string location, const Clock& clock)
      : location_(std::move(location)), clock_(clock) {}

  // `tenant` "": the host, which sees all. Waits while all sessions are lent out. A session that
  // broke while it was idle is replaced once.
  Result<Rows> query(const std::string& tenant, Query query);

 private:
  Result<std::unique_ptr<Connection>> borrow(bool& fresh);
  void giveBack(std::unique_ptr<Connection> connection);
  static Result<Rows> ask(Connection& connection, const std::string& tenant, const Query& query);

  const std::string location_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  size_t open_ = 0;
};

}  // namespace junctor::store::postgres
