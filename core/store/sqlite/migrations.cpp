#include "store/sqlite/migrations.h"

#include <string>
#include <vector>

#include "store/fingerprint.h"

namespace junctor::store {
namespace {

constexpr int64_t kApplicationId = 0x4a4e4354;  // "JNCT", in the file's header

struct Applied {
  int version;
  uint32_t checksum;
};

Result<int64_t> readNumber(Database& database, std::string_view sql) {
  Statement query(database, sql);
  if (!query.row()) return database.error();
  return query.integer(0);
}

// An empty file may become ours; a file with other tables may not.
Result<void> checkOwner(Database& database) {
  JUNCTOR_TRY(const int64_t id, readNumber(database, "PRAGMA application_id"));
  if (id == kApplicationId) return {};
  JUNCTOR_TRY(const int64_t tables, readNumber(database, "SELECT count(*) FROM sqlite_master"));
  if (id == 0 && tables == 0) return {};
  return invalidArgument("the file is a database of another program, not a Junctor store");
}

Result<std::vector<Applied>> readApplied(Database& database) {
  std::vector<Applied> applied;
  JUNCTOR_TRY(const int64_t exists, readNumber(database,
                                               "SELECT count(*) FROM sqlite_master "
                                               "WHERE type='table' AND name='schema_migration'"));
  if (exists == 0) return applied;
  Statement query(database, "SELECT version, checksum FROM schema_migration ORDER BY version");
  while (query.row()) {
    applied.push_back(
        {static_cast<int>(query.integer(0)), static_cast<uint32_t>(query.integer(1))});
  }
  if (database.failure() != Failure::None) return database.error();
  return applied;
}

Result<size_t> countApplied(Database& database, std::span<const Migration> steps) {
  JUNCTOR_CHECK(checkOwner(database));
  JUNCTOR_TRY(const auto applied, readApplied(database));
  for (size_t i = 0; i < applied.size(); ++i) {
    if (i >= steps.size()) {
      return invalidArgument("the store has schema version " +
                             std::to_string(applied.back().version) + ", this program knows " +
                             std::to_string(steps.size()) + ": use the newer program");
    }
    if (applied[i].version != steps[i].version || applied[i].checksum != crc32c(steps[i].sql)) {
      return invalidArgument("migration " + std::to_string(applied[i].version) +
                             " of the store is not the one this program knows");
    }
  }
  return applied.size();
}

Result<void> applyStep(Database& database, const Migration& step, const Clock& clock) {
  JUNCTOR_CHECK(database.run("BEGIN IMMEDIATE"));
  const auto apply = [&]() -> Result<void> {
    JUNCTOR_CHECK(database.run(std::string(step.sql)));
    JUNCTOR_CHECK(database.run("PRAGMA application_id=" + std::to_string(kApplicationId)));
    Statement note(database, "INSERT INTO schema_migration VALUES (?,?,?,?)");
    if (!note.with(step.version, step.name, crc32c(step.sql), clock.unixMs()).run()) {
      return database.error();
    }
    return database.run("COMMIT");
  };
  auto applied = apply();
  if (!applied && database.inTransaction()) (void)database.run("ROLLBACK");
  return applied;
}

}  // namespace

Result<void> migrate(Database& database, std::span<const Migration> steps, const Clock& clock) {
  JUNCTOR_TRY(const size_t done, countApplied(database, steps));
  for (const Migration& step : steps.subspan(done)) {
    JUNCTOR_CHECK(applyStep(database, step, clock));
  }
  return {};
}

Result<void> checkSchema(Database& database, std::span<const Migration> steps) {
  JUNCTOR_TRY(const size_t done, countApplied(database, steps));
  if (done == steps.size()) return {};
  return unavailable("the store has an older schema: start the server once to migrate it");
}

}  // namespace junctor::store
