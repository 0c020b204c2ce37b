#include <charconv>

#include "admin/answers.h"
#include "admin/audit.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "base/json_value.h"

namespace junctor::admin {

Answered audit(Call& call) {
  JUNCTOR_TRY(const size_t limit, limitOf(call));
  const std::string cursor = parameter(call, "cursor");
  uint64_t after = 0;
  const auto read = std::from_chars(cursor.data(), cursor.data() + cursor.size(), after);
  if (!cursor.empty() && (read.ec != std::errc() || read.ptr != cursor.data() + cursor.size())) {
    return invalidArgument("cursor is not one of this list");
  }
  JUNCTOR_TRY(auto items, call.audit.list(after, limit + 1));
  const bool more = items.size() > limit;
  if (more) items.pop_back();
  std::string next;
  if (more) {
    JUNCTOR_TRY(const Json last, parseJson(items.back()));
    next = std::to_string(last.value("number", uint64_t{0}));
  }
  return page(items, next);
}

}  // namespace junctor::admin
