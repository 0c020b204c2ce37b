#pragma once
// NameTable: tenants, integrations, connectors, destinations, routes and rule versions as small
// numbers, so that hot rows stay small. The writer adds names inside its transactions; readers look
// up. 0 is "". Holds every name in memory: names come from configuration, never from payloads.
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/sqlite/database.h"

namespace junctor::store {

class NameTable {
 public:
  // Loads what is stored and not yet known.
  Result<void> load(Database& database);

  // Writer only. The number of `text`; a new one is inserted in the running transaction and kept
  // only if commit() follows.
  int64_t number(Statement& insert, const std::string& text);
  void commit() { committed_ = texts_.size(); }
  void rollback();

  // Any thread.
  std::optional<int64_t> find(const std::string& text) const;
  std::optional<std::string> text(int64_t number) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  mutable std::shared_mutex mutex_;  // the writer reads without it: nobody else writes
  std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> numbers_;
  std::vector<std::string> texts_ = {""};
  size_t committed_ = 1;
};

}  // namespace junctor::store
