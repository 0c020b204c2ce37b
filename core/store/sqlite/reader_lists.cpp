// The two lists, newest first or oldest first. A page ends at a row key, and keys only grow: writes
// that go on between two pages neither hide nor repeat a row.
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
  void add(const std::string& text, const std::string& value, const char* after = "") {
    add(text, Value{std::nullopt, value}, after);
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
  void add(const std::string& text, Value value, const char* after = "") {
    values_.push_back(std::move(value));
    add(text + " ?" + std::to_string(values_.size()) + after);
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
  if (!query.rules.empty()) where.add("0 < instr(e.rules,", query.rules, ")");
  return true;
}

bool addDeliveryFilters(Conditions& where, const NameTable& names, const DeliveryQuery& query) {
  if (!addName(where, names, "d.destination", query.destination)) return false;
  if (!addName(where, names, "d.integration", query.integration)) return false;
  if (!addName(where, names, "d.rule_version", query.rule_version)) return false;
  if (query.cause != 0) where.add("d.cause =", static_cast<int64_t>(query.cause));
  if (query.since_ms > 0) {
    where.add("d.created_at >=", query.since_ms);
    where.add("@key >=", std::max<int64_t>(0, query.since_ms - kIdSlackMs) << 12);
  }
  if (query.until_ms > 0) where.add("d.created_at <=", query.until_ms);
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
std::string plainList(const Table& table, const std::string& how, const Conditions& where,
                      const char* order) {
  const std::string key = table.alias + ".key";
  return selectFrom(table, key) + table.name + " " + table.alias + how + " WHERE 1" +
         where.sql(key) + " ORDER BY " + key + order;
}

// The rows of a tenant: the unindexed end of the table, then the index (tenant_index.h). SQLite
// merges the two as it steps; both come in key order.
std::string tenantList(const Table& table, const std::string& tenant, const Conditions& where,
                       const char* order) {
  const std::string row = table.name + " " + table.alias + " NOT INDEXED";
  const std::string key = table.alias + ".key";
  const std::string end = selectFrom(table, key) + row + " WHERE " + key +
                          " > (SELECT value FROM setting WHERE name = '" + table.name +
                          "_indexed') AND " + table.alias + ".tenant = " + tenant + where.sql(key);
  const std::string indexed = selectFrom(table, "i.key") + table.name + "_index i CROSS JOIN " +
                              row + " ON " + key + " = i.key WHERE i.tenant = " + tenant +
                              where.sql("i.key");
  return end + " UNION ALL " + indexed + " ORDER BY 1" + order;
}

std::string limited(const std::string& sql, size_t size) {
  return sql + " LIMIT " + std::to_string(size + 1);
}

constexpr const char* kOldestFirst = " ASC";
constexpr const char* kNewestFirst = " DESC";

// A cursor is the key that the last page ended with.
template <class Query>
Result<const char*> addOrder(Conditions& where, const Query& query) {
  JUNCTOR_TRY(const auto cursor, parseCursor(query.cursor));
  if (cursor) where.add(query.oldest_first ? "@key >" : "@key <", *cursor);
  return query.oldest_first ? kOldestFirst : kNewestFirst;
}

Table eventTable(const char* columns = kEventColumns) {
  return {"event", "e", columns};
}
Table deliveryTable(const char* columns = kDeliveryColumns) {
  return {"delivery", "d", columns};
}

std::string eventList(const Table& table, int64_t tenant, Conditions& where, const char* order) {
  if (tenant == 0) return plainList(table, " NOT INDEXED", where, order);
  return tenantList(table, where.parameter(tenant), where, order);
}

const char* deliveryIndex(const DeliveryQuery& query, bool of_tenant) {
  const bool dead = query.state == DeliveryState::Dead;
  if (query.event_id) return " INDEXED BY delivery_by_event";
  if (dead && of_tenant && query.cause != 0) return " INDEXED BY delivery_dead_cause";
  if (dead && of_tenant && !query.destination.empty()) {
    return " INDEXED BY delivery_dead_destination";
  }
  if (dead && of_tenant) return " INDEXED BY delivery_dead";
  if (dead || query.state == DeliveryState::Waiting) return " INDEXED BY delivery_stuck";
  return " NOT INDEXED";
}

// The smallest index that knows the answer. Waiting and dead deliveries are few among many.
std::string deliveryList(const Table& table, const DeliveryQuery& query, int64_t tenant,
                         Conditions& where, const char* order) {
  const bool dead = query.state == DeliveryState::Dead;
  const bool stuck = dead || query.state == DeliveryState::Waiting;
  if (tenant != 0 && !query.event_id && !stuck) {
    return tenantList(table, where.parameter(tenant), where, order);
  }
  if (tenant != 0) where.add("d.tenant =", tenant);
  return plainList(table, deliveryIndex(query, tenant != 0), where, order);
}

}  // namespace

Result<Page<Event>> Reader::listEvents(const EventQuery& request) {
  if (follows_) JUNCTOR_CHECK(followNames());
  const size_t size = pageSize(request.limit);
  const auto tenant = names_.find(request.tenant);
  Page<Event> page;
  Conditions where;
  JUNCTOR_TRY(const char* const order, addOrder(where, request));
  if (!tenant || !addEventFilters(where, names_, request)) return page;
  const std::string sql = eventList(eventTable(), *tenant, where, order);
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
  if (follows_) JUNCTOR_CHECK(followNames());
  const size_t size = pageSize(request.limit);
  const auto tenant = names_.find(request.tenant);
  Page<Delivery> page;
  Conditions where;
  JUNCTOR_TRY(const char* const order, addOrder(where, request));
  if (!tenant || !addDeliveryFilters(where, names_, request)) return page;
  const std::string sql = deliveryList(deliveryTable(), request, *tenant, where, order);
  JUNCTOR_TRY(auto rows, pool_.query(limited(sql, size)));
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

Result<int64_t> Reader::countEvents(const EventQuery& request) {
  if (follows_) JUNCTOR_CHECK(followNames());
  const auto tenant = names_.find(request.tenant);
  Conditions where;
  if (!tenant || !addEventFilters(where, names_, request)) return 0;
  return countRows(eventList(eventTable("e.key"), *tenant, where, kNewestFirst),
                   [&](Statement& rows) { where.bind(rows); });
}

Result<int64_t> Reader::countDeliveries(const DeliveryQuery& request) {
  if (follows_) JUNCTOR_CHECK(followNames());
  const auto tenant = names_.find(request.tenant);
  Conditions where;
  if (!tenant || !addDeliveryFilters(where, names_, request)) return 0;
  return countRows(deliveryList(deliveryTable("d.key"), request, *tenant, where, kNewestFirst),
                   [&](Statement& rows) { where.bind(rows); });
}

Result<int64_t> Reader::countRows(const std::string& list,
                                  const std::function<void(Statement&)>& bind) {
  JUNCTOR_TRY(auto rows, pool_.query("SELECT count(*) FROM (" + list + ")"));
  bind(*rows);
  const int64_t count = rows->row() ? rows->integer(0) : 0;
  JUNCTOR_CHECK(rows.end());
  return count;
}

// Counted on the index alone; one row is read of each cause that is shown.
Result<std::vector<DeadCause>> Reader::deadCauses(const std::string& tenant, size_t limit) {
  if (follows_) JUNCTOR_CHECK(followNames());
  const auto number = names_.find(tenant);
  std::vector<DeadCause> causes;
  if (!number) return causes;
  static const std::string sql =
      std::string("SELECT c.n, o.created_at, ") + kDeliveryColumns +
      " FROM (SELECT count(*) AS n, min(key) AS oldest, max(key) AS newest FROM delivery"
      " INDEXED BY delivery_dead_cause WHERE tenant = ? AND state = 5 GROUP BY cause"
      " ORDER BY n DESC, newest DESC LIMIT ?) c"
      " CROSS JOIN delivery d ON d.key = c.newest CROSS JOIN delivery o ON o.key = c.oldest"
      " ORDER BY c.n DESC, c.newest DESC";
  JUNCTOR_TRY(auto rows, pool_.query(sql));
  rows->with(*number, static_cast<int64_t>(limit));
  while (rows->row()) {
    DeadCause cause;
    cause.count = rows->integer(0);
    cause.oldest_at_ms = rows->integer(1);
    cause.newest = readDelivery(NamedRow{*rows, names_}, 2);
    cause.cause = cause.newest.cause;
    causes.push_back(std::move(cause));
  }
  JUNCTOR_CHECK(rows.end());
  return causes;
}

}  // namespace junctor::store
