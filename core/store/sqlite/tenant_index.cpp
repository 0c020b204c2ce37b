#include "store/sqlite/tenant_index.h"

#include <algorithm>

namespace junctor::store {
namespace {

constexpr size_t kFoldRows = 1'024;  // indexing them, like reading past them, takes half a ms

}  // namespace

TenantIndex::TenantIndex(Database& database, const std::string& table)
    : database_(database),
      table_(table),
      insert_(database, "INSERT INTO " + table + "_index VALUES (?,?)"),
      fold_(database, "INSERT INTO " + table + "_index SELECT tenant, key FROM " + table +
                          " NOT INDEXED WHERE key > ? AND key <= ? ORDER BY tenant, key"),
      save_(database, "UPDATE setting SET value=? WHERE name='" + table + "_indexed'") {}

Result<void> TenantIndex::load() {
  Statement query(database_,
                  "SELECT s.value, max(coalesce(max(r.key), 0), s.value), count(r.key)"
                  " FROM setting s LEFT JOIN " +
                      table_ + " r NOT INDEXED ON r.key > s.value WHERE s.name='" + table_ +
                      "_indexed'");
  if (!query.row()) return database_.error();
  now_ = {query.integer(0), query.integer(1), static_cast<size_t>(query.integer(2))};
  committed_ = now_;
  return {};
}

// A row below the mark came late (its id is older than its neighbours'): the fold has passed it.
void TenantIndex::add(int64_t tenant, int64_t key) {
  if (key <= now_.indexed) {
    insert_.with(tenant, key).run();
    return;
  }
  now_.highest = std::max(now_.highest, key);
  ++now_.waiting;
}

void TenantIndex::foldIfLong() {
  if (now_.waiting < kFoldRows) return;
  fold_.with(now_.indexed, now_.highest).run();
  save_.with(now_.highest).run();
  now_.indexed = now_.highest;
  now_.waiting = 0;
}

}  // namespace junctor::store
