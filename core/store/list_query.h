#pragma once
// What both engines' lists have in common: pages and cursors. A page ends at a row key, and keys
// only grow: writes that go on between two pages neither hide nor repeat a row.
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace junctor::store {

// An id is made when the request arrives and never before it by more than this.
inline constexpr int64_t kIdSlackMs = 60'000;

// The key that the last page ended with; nothing = the first page.
Result<std::optional<int64_t>> parseCursor(const std::string& cursor);
size_t pageSize(size_t limit);

}  // namespace junctor::store
