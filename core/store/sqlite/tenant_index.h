#pragma once
// TenantIndex: which rows of a table belong to a tenant, in key order (tables event_index and
// delivery_index). An ordinary index would rewrite a page per tenant in every commit, which cost a
// seventh of the CPU and a quarter of the bytes of an event. So new rows wait at the table's end
// and are indexed some thousand at a time; a reader takes the unindexed end from the table itself:
//   rows with key > setting '<table>_indexed', filtered by tenant, and then those of the index.
// Belongs to the writer.
#include <cstddef>
#include <cstdint>
#include <string>

#include "store/sqlite/database.h"

namespace junctor::store {

class TenantIndex {
 public:
  TenantIndex(Database& database, const std::string& table);
  // What the last process left unindexed.
  Result<void> load();

  // In the running transaction: a row was inserted.
  void add(int64_t tenant, int64_t key);
  // At its end: indexes the waiting rows if they are many.
  void foldIfLong();
  void commit() { committed_ = now_; }
  void rollback() { now_ = committed_; }

 private:
  struct State {
    int64_t indexed = 0;  // every row up to this key is in the index
    int64_t highest = 0;
    size_t waiting = 0;
  };
  Database& database_;
  const std::string table_;
  State committed_, now_;
  Statement insert_, fold_, save_;
};

}  // namespace junctor::store
