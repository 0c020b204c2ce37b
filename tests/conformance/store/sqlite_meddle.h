#pragma once
// Changes a SQLite store behind its back, as damage or a stranger would.
#include <string>

#include "conformance/store/store_house.h"
#include "store/sqlite/database.h"

namespace junctor::testing {

inline void meddle(StoreHouse& house, const std::string& sql) {
  house.close();
  auto database =
      store::Database::open(house.folder() + "/junctor.db", store::Database::Mode::ReadWrite);
  REQUIRE(database);
  REQUIRE((*database)->run(sql));
  database = unavailable("closed");
  house.open();
}

}  // namespace junctor::testing
