#include <cstdlib>
#include <fstream>
#include <functional>

#include "postgres_engine.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

// The server that the test script started.
std::string server() {
  std::ifstream file(JUNCTOR_BINARY_DIR "/tests/postgres.location");
  std::string location;
  std::getline(file, location);
  return location;
}

// A folder stands for a store, so here for a schema of the database.
std::string schemaOf(const std::string& folder) {
  return "s" + std::to_string(std::hash<std::string>{}(folder));
}

}  // namespace

std::string locationOf(const std::string& folder) {
  return server() + "&options=-csearch_path%3D" + schemaOf(folder);
}

Result<std::unique_ptr<store::Store>> openEngine(const std::string& folder,
                                                 const store::StoreOptions& options,
                                                 const Clock& clock) {
  const std::string schema = schemaOf(folder);
  if (!options.read_only) {
    JUNCTOR_TRY(const auto connection,
                store::postgres::Connection::open(server(), systemClock(), true));
    JUNCTOR_CHECK(connection->script("CREATE SCHEMA IF NOT EXISTS " + schema));
  }
  store::StoreOptions here = options;
  here.data_dir = folder;
  return store::open(locationOf(folder), here, clock);
}

TestDatabase::TestDatabase(const std::string& folder) {
  auto opened = store::postgres::Connection::open(locationOf(folder), systemClock(), true);
  REQUIRE(opened);
  connection_ = *std::move(opened);
}

}  // namespace junctor::testing
