#include "store/sqlite/reader_pool.h"

namespace junctor::store {
namespace {

constexpr size_t kConnectionsMax = 4;
constexpr size_t kStatementsMax = 64;  // list queries come in many shapes

}  // namespace

Result<ReaderPool::Query> ReaderPool::query(const std::string& sql) {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty() || open_ < kConnectionsMax; });
    if (idle_.empty()) {
      ++open_;
    } else {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connection) {
    auto database = Database::open(path_, Database::Mode::ReadOnly);
    if (!database) {
      const std::lock_guard lock(mutex_);
      --open_;
      returned_.notify_one();
      return database.error();
    }
    connection = std::make_unique<Connection>();
    connection->database = *std::move(database);
  }
  return Query(*this, std::move(connection), sql);
}

void ReaderPool::giveBack(std::unique_ptr<Connection> connection) {
  connection->database->clearFailure();
  if (connection->statements.size() > kStatementsMax) connection->statements.clear();
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
  returned_.notify_one();
}

ReaderPool::Query::Query(ReaderPool& pool, std::unique_ptr<Connection> connection,
                         const std::string& sql)
    : pool_(&pool), connection_(std::move(connection)) {
  auto& statements = connection_->statements;
  auto found = statements.find(sql);
  if (found == statements.end()) {
    found = statements.emplace(sql, Statement(*connection_->database, sql)).first;
  }
  statement_ = &found->second;
}

ReaderPool::Query::~Query() {
  if (!connection_) return;  // moved from
  statement_->reset();
  if (connection_->database->failure() != Failure::None) connection_->statements.clear();
  pool_->giveBack(std::move(connection_));
}

Result<void> ReaderPool::Query::end() const {
  if (connection_->database->failure() != Failure::None) return connection_->database->error();
  return {};
}

}  // namespace junctor::store
