#include "store/list_query.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace junctor::store {

Result<std::optional<int64_t>> parseCursor(const std::string& cursor) {
  if (cursor.empty()) return std::optional<int64_t>();
  int64_t key = 0;
  const auto [end, code] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), key);
  if (code != std::errc() || end != cursor.data() + cursor.size() || key < 0) {
    return invalidArgument("the cursor is not one that was given out");
  }
  return std::optional<int64_t>(key);
}

size_t pageSize(size_t limit) {
  return limit == 0 ? limits::kPageDefault : std::min(limit, limits::kPageMax);
}

}  // namespace junctor::store
