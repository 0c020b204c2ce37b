#pragma once
// SQLite's rows: which columns are selected, and names as numbers.
#include <string>

#include "store/row_codec.h"
#include "store/sqlite/database.h"
#include "store/sqlite/name_table.h"

namespace junctor::store {

// Columns for `SELECT <columns> FROM <table>`, in the order row_codec.h reads them.
extern const char* const kRequestColumns;
extern const char* const kEventColumns;
extern const char* const kDeliveryColumns;
extern const char* const kStepColumns;
inline constexpr int kEventColumnCount = 23;

struct NamedRow {
  const Statement& row;
  const NameTable& names;

  int64_t integer(int column) const { return row.integer(column); }
  uint64_t word(int column) const { return row.word(column); }
  std::optional<int64_t> maybeInteger(int column) const { return row.maybeInteger(column); }
  std::string_view bytes(int column) const { return row.bytes(column); }
  std::string text(int column) const { return row.text(column); }
  std::string name(int column) const {
    const int64_t number = row.integer(column);
    return names.text(number).value_or("#" + std::to_string(number));
  }
};

}  // namespace junctor::store
