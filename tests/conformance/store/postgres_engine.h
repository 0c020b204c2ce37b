#pragma once
// The database that stands behind a folder of the contract suite, for what only SQL can see or do.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "store/postgres/connection.h"

namespace junctor::testing {

// Where the folder's store is.
std::string locationOf(const std::string& folder);

class TestDatabase {
 public:
  explicit TestDatabase(const std::string& folder);

  void run(const std::string& sql) { REQUIRE(connection_->script(sql)); }
  bool fails(const std::string& sql) { return !connection_->script(sql).has_value(); }
  int64_t number(const std::string& sql) {
    auto rows = connection_->run({sql});
    INFO((rows ? "" : describe(rows.error())));
    REQUIRE(rows);
    REQUIRE(rows->row());
    return rows->integer(0);
  }

 private:
  std::unique_ptr<store::postgres::Connection> connection_;
};

}  // namespace junctor::testing
