#pragma once
// ReaderPool: a few read-only connections, each with its prepared statements, lent out one at a
// time.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/sqlite/database.h"

namespace junctor::store {

class ReaderPool {
  struct Connection {
    std::unique_ptr<Database> database;
    std::unordered_map<std::string, Statement> statements;
  };

 public:
  explicit ReaderPool(std::string path) : path_(std::move(path)) {}

  // One query on a borrowed connection. Give it back (by destruction) before asking for another.
  class Query {
   public:
    ~Query();
    Query(Query&&) = default;
    Query& operator=(Query&&) = delete;
    Statement* operator->() { return statement_; }
    Statement& operator*() { return *statement_; }
    Database& database() { return *connection_->database; }
    // After the last row: did the steps succeed?
    Result<void> end() const;

   private:
    friend class ReaderPool;
    Query(ReaderPool& pool, std::unique_ptr<Connection> connection, const std::string& sql);
    ReaderPool* pool_;
    std::unique_ptr<Connection> connection_;
    Statement* statement_;
  };
  // Waits while all connections are lent out.
  Result<Query> query(const std::string& sql);

 private:
  void giveBack(std::unique_ptr<Connection> connection);

  const std::string path_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  size_t open_ = 0;
};

}  // namespace junctor::store
