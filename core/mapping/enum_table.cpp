#include "mapping/forms.h"

namespace junctor::mapping {

// The first pair that fits decides, so the order of the table says which of several words comes
// back.
Result<Value> enumWord(const Transform& t, const Value& value, Direction direction) {
  const bool to = direction == Direction::ToExternal;
  for (const auto& [ours, theirs] : t.pairs) {
    if (value == (to ? ours : theirs)) return to ? theirs : ours;
  }
  const auto& fallback = to ? t.to_default : t.from_default;
  if (fallback) return *fallback;
  return invalidArgument("the value is not in the table");
}

}  // namespace junctor::mapping
