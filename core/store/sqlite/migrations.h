#pragma once
// Numbered migrations: forward only, each in its own transaction, its text checksummed. A process
// killed in the middle leaves the old schema or the new one, never something between.
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/sqlite/database.h"

namespace junctor::store {

struct Migration {
  int version;  // 1, 2, 3, …
  std::string_view name;
  std::string_view sql;  // never edited once released: add another migration
};

// The schema of this build.
std::span<const Migration> migrations();

// Brings the file up to the last of `steps`. Refuses a file of another application, a schema newer
// than `steps` and one whose applied migrations differ from `steps`.
Result<void> migrate(Database& database, std::span<const Migration> steps, const Clock& clock);
// The same checks without writing, for read-only opening: the schema must be exactly `steps`.
Result<void> checkSchema(Database& database, std::span<const Migration> steps);

}  // namespace junctor::store
