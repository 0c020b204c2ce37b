// The two lists, newest first. A page ends at a row key, and keys only grow: writes that go on
// between two pages neither hide nor repeat a row.
#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "store/list_query.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/rows.h"

namespace junctor::store {
namespace {

// The conditions of a list, as SQL text with numbered parameters. "@key" stands for the row key,
// which each part of the query reads where its order comes from.
class Conditions {
 public:
  void add(const std::string& text) { sql_ += " AND " + text; }
  // A parameter for text that is put together elsewhere.
  std::string parameter(int64_t value) {
    values_.push_back({value, ""});
    return "?" + std::to_string(values_.size());
  }
  void add(const std::string& text, int64_t value) { add(text, Value{value, ""}); }
  void add(const std::string& text, const std::string& value) {
    add(text, Value{std::nullopt, value});
  }
  std::string sql(const std::string& key) const {
    std::string out = sql_;
    for (size_t at = 0; (at = out.find("@key", at)) != std::string::npos;) out.replace(at, 4, key);
    return out;
  }
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
  void add(const std::string& text, Value value) {
    values_.push_back(std::move(value));
    add(text + " ?" + std::to_string(values_.size()));
  }
  std::string sql_;
  std::vector<Value> values_;
};

// Adds `column = number of name`; false if the store has never seen that name.
bool addName(Conditions& conditions, const NameTable& names, const char* column,
             const std::string& name) {
  if (name.empty()) return true;
  const auto number = names.find(name);
  if (number) conditions.add(std::string(column) + " =", *number);
  return number.has_value();
}

bool addEventFilters(Conditions& where, const NameTable& names, const EventQuery& query) {
  if (!addName(where, names, "e.integration", query.integration)) return false;
  if (!addName(where, names, "e.source", query.source)) return false;
  if (!query.type.empty()) {
    const bool glob = query.type.find_first_of("*?[") != std::string::npos;
    where.add(glob ? "e.type GLOB" : "e.type =", query.type);
  }
  if (query.since_ms > 0) {
    where.add("e.received_at >=", query.since_ms);
    where.add("@key >=", std::max<int64_t>(0, query.since_ms - kIdSlackMs) << 12);
  }
  if (query.until_ms > 0) where.add("e.received_at <=", query.until_ms);
  return true;
}

bool addDeliveryFilters(Conditions& where, const NameTable& names, const DeliveryQuery& query) {
  if (!addName(where, names, "d.destination", query.destination)) return false;
  if (query.state) where.add("d.state = " + std::to_string(static_cast<int>(*query.state)));
  if (query.event_id) {
    where.add("d.event_key =", query.event_id->orderKey());
    where.add("d.event_lo =", static_cast<int64_t>(query.event_id->uuid.lo));
  }
  return true;
}

struct Table {
  std::string name;     // "event"
  std::string alias;    // "e"
  std::string columns;  // begin with "<alias>.key"
};

// The key is read where the order comes from, or SQLite would sort all rows by it once more.
std::string selectFrom(const Table& table, const std::string& key) {
  return "SELECT " + key + table.columns.substr(table.alias.size() + 4) + " FROM ";
}

// All rows, or those of a small index: `how` is the index clause.
std::string plainList(const Table& table, const std::string& how, const Conditions& where) {
  const std::string key = table.alias + ".key";
  return selectFrom(table, key) + table.name + " " + table.alias + how + " WHERE 1" +
         where.sql(key) + " ORDER BY " + key + " DESC";
}

// The rows of a tenant: the unindexed end of the table, then the index (tenant_index.h). SQLite
// merges the two as it steps; both come in key order.
std::string tenantList(const Table& table, const std::string& tenant, const Conditions& where) {
  const std::string row = table.name + " " + table.alias + " NOT INDEXED";
  const std::string key = table.alias + ".key";
  const std::string end = selectFrom(table, key) + row + " WHERE " + key +
                          " > (SELECT value FROM setting WHERE name = '" + table.name +
                          "_indexed') AND " + table.alias + ".tenant = " + tenant + where.sql(key);
  const std::string indexed = selectFrom(table, "i.key") + table.name + "_index i CROSS JOIN " +
                              row + " ON " + key + " = i.key WHERE i.tenant = " + tenant +
                              where.sql("i.key");
  return end + " UNION ALL " + indexed + " ORDER BY 1 DESC";
}

std::string limited(const std::string& sql, size_t size) {
  return sql + " LIMIT " + std::to_string(size + 1);
}

const Table& eventTable() {
  static const Table table{"event", "e", kEventColumns};
  return table;
}
const Table& deliveryTable() {
  static const Table table{"delivery", "d", kDeliveryColumns};
  return table;
}

// The smallest index that knows the answer. Waiting and dead deliveries are few among many.
std::string deliveryList(const DeliveryQuery& query, std::optional<int64_t> tenant,
                         Conditions& where) {
  const bool dead = query.state == DeliveryState::Dead;
  const bool stuck = dead || query.state == DeliveryState::Waiting;
  if (tenant && !query.event_id && !stuck) {
    return tenantList(deliveryTable(), where.parameter(*tenant), where);
  }
  if (tenant) where.add("d.tenant =", *tenant);
  const char* index = query.event_id     ? " INDEXED BY delivery_by_event"
                      : (dead && tenant) ? " INDEXED BY delivery_dead"
                      : stuck            ? " INDEXED BY delivery_stuck"
                                         : " NOT INDEXED";
  return plainList(deliveryTable(), index, where);
}

}  // namespace

Result<Page<Event>> Reader::listEvents(const EventQuery& request) {
  JUNCTOR_TRY(const auto cursor, parseCursor(request.cursor));
  if (follows_) JUNCTOR_CHECK(followNames());
  const size_t size = pageSize(request.limit);
  const auto tenant = names_.find(request.tenant);
  Page<Event> page;
  Conditions where;
  if (!tenant || !addEventFilters(where, names_, request)) return page;
  if (cursor) where.add("@key <", *cursor);
  const std::string sql = *tenant == 0 ? plainList(eventTable(), " NOT INDEXED", where)
                                       : tenantList(eventTable(), where.parameter(*tenant), where);
  JUNCTOR_TRY(auto rows, pool_.query(limited(sql, size)));
  where.bind(*rows);
  int64_t last_key = 0;
  for (size_t seen = 0; rows->row(); ++seen) {
    if (seen == size) {
      page.next_cursor = std::to_string(last_key);
      break;
    }
    last_key = rows->integer(0);
    auto event = readEvent(NamedRow{*rows, names_}, 0);
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
  if (follows_) JUNCTOR_CHECK(followNames());
  const size_t size = pageSize(request.limit);
  const auto tenant = names_.find(request.tenant);
  Page<Delivery> page;
  Conditions where;
  if (!tenant || !addDeliveryFilters(where, names_, request)) return page;
  if (cursor) where.add("@key <", *cursor);
  const auto owner = *tenant == 0 ? std::nullopt : tenant;
  JUNCTOR_TRY(auto rows, pool_.query(limited(deliveryList(request, owner, where), size)));
  where.bind(*rows);
  while (rows->row()) {
    if (page.items.size() == size) {
      page.next_cursor = std::to_string(page.items.back().id.orderKey());
      break;
    }
    page.items.push_back(readDelivery(NamedRow{*rows, names_}, 0));
  }
  JUNCTOR_CHECK(rows.end());
  return page;
}

}  // namespace junctor::store
