// The two lists, newest first. A page ends at a row key, and keys only grow: writes that go on
// between two pages neither hide nor repeat a row.
#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/row_codec.h"

namespace junctor::store {
namespace {

// An id is made when the request arrives and never before it by more than this.
constexpr int64_t kIdSlackMs = 60'000;

// WHERE as it grows: the SQL text, and the values for its parameters in order.
class Conditions {
 public:
  void add(const std::string& text) {
    sql_ += sql_.empty() ? " WHERE " : " AND ";
    sql_ += text;
  }
  void add(const std::string& text, int64_t value) {
    add(text);
    values_.push_back({value, ""});
  }
  void add(const std::string& text, const std::string& value) {
    add(text);
    values_.push_back({std::nullopt, value});
  }
  const std::string& sql() const { return sql_; }
  void bind(Statement& statement) const {
    int index = 0;
    for (const Value& value : values_) {
      ++index;
      if (value.number) {
        statement.bind(index, *value.number);
      } else {
        statement.bind(index, value.text);
      }
    }
  }

 private:
  struct Value {
    std::optional<int64_t> number;
    std::string text;
  };
  std::string sql_;
  std::vector<Value> values_;
};

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

// Adds `column = number of name`; false if the store has never seen that name.
bool addName(Conditions& conditions, const NameTable& names, const char* column,
             const std::string& name) {
  if (name.empty()) return true;
  const auto number = names.find(name);
  if (number) conditions.add(std::string(column) + " = ?", *number);
  return number.has_value();
}

bool addEventFilters(Conditions& where, const NameTable& names, const EventQuery& query) {
  if (!addName(where, names, "e.tenant", query.tenant)) return false;
  if (!addName(where, names, "+e.integration", query.integration)) return false;
  if (!addName(where, names, "+e.source", query.source)) return false;
  if (!query.type.empty()) {
    const bool glob = query.type.find_first_of("*?[") != std::string::npos;
    where.add(glob ? "e.type GLOB ?" : "e.type = ?", query.type);
  }
  if (query.since_ms > 0) {
    where.add("e.received_at >= ?", query.since_ms);
    where.add("e.key >= ?", std::max<int64_t>(0, query.since_ms - kIdSlackMs) << 12);
  }
  if (query.until_ms > 0) where.add("e.received_at <= ?", query.until_ms);
  return true;
}

bool addDeliveryFilters(Conditions& where, const NameTable& names, const DeliveryQuery& query) {
  // A unary plus keeps the planner off an index: the most selective one is chosen here.
  const bool by_event = query.event_id.has_value();
  if (!addName(where, names, by_event ? "+d.tenant" : "d.tenant", query.tenant)) return false;
  if (!addName(where, names, "d.destination", query.destination)) return false;
  if (by_event) {
    where.add("d.event_key = ?", query.event_id->orderKey());
    where.add("d.event_lo = ?", static_cast<int64_t>(query.event_id->uuid.lo));
  }
  if (query.state) where.add("d.state = " + std::to_string(static_cast<int>(*query.state)));
  return true;
}

const char* deliveryIndex(const DeliveryQuery& query) {
  if (query.event_id) return " INDEXED BY delivery_by_event";
  if (query.tenant.empty()) return " NOT INDEXED";
  return query.state == DeliveryState::Dead ? " INDEXED BY delivery_dead"
                                            : " INDEXED BY delivery_by_tenant";
}

}  // namespace

Result<Page<Event>> Reader::listEvents(const EventQuery& request) {
  JUNCTOR_TRY(const auto cursor, parseCursor(request.cursor));
  const size_t size = pageSize(request.limit);
  Page<Event> page;
  Conditions where;
  if (!addEventFilters(where, names_, request)) return page;
  if (cursor) where.add("e.key < ?", *cursor);
  const char* index = request.tenant.empty() ? " NOT INDEXED" : " INDEXED BY event_by_tenant";
  JUNCTOR_TRY(auto rows,
              query(std::string("SELECT ") + kEventColumns + " FROM event e" + index + where.sql() +
                    " ORDER BY e.key DESC LIMIT " + std::to_string(size + 1)));
  where.bind(*rows);
  int64_t last_key = 0;
  for (size_t seen = 0; rows->row(); ++seen) {
    if (seen == size) {
      page.next_cursor = std::to_string(last_key);
      break;
    }
    last_key = rows->integer(0);
    auto event = readEvent(*rows, 0, names_);
    if (event) {
      page.items.push_back(*std::move(event));
    } else {  // one damaged row must not hide the others
      reportDamage(event.error(), EventId{uuidOfRow(last_key, rows->word(1))});
    }
  }
  JUNCTOR_CHECK(rows.end());
  return page;
}

Result<Page<Delivery>> Reader::listDeliveries(const DeliveryQuery& request) {
  JUNCTOR_TRY(const auto cursor, parseCursor(request.cursor));
  const size_t size = pageSize(request.limit);
  Page<Delivery> page;
  Conditions where;
  if (!addDeliveryFilters(where, names_, request)) return page;
  if (cursor) where.add("d.key < ?", *cursor);
  JUNCTOR_TRY(auto rows, query(std::string("SELECT ") + kDeliveryColumns + " FROM delivery d" +
                               deliveryIndex(request) + where.sql() +
                               " ORDER BY d.key DESC LIMIT " + std::to_string(size + 1)));
  where.bind(*rows);
  while (rows->row()) {
    if (page.items.size() == size) {
      page.next_cursor = std::to_string(page.items.back().id.orderKey());
      break;
    }
    page.items.push_back(readDelivery(*rows, 0, names_));
  }
  JUNCTOR_CHECK(rows.end());
  return page;
}

}  // namespace junctor::store
