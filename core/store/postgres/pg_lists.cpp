// The two lists, newest first or oldest first, and what is counted over them.
#include <algorithm>

#include "store/list_query.h"
#include "store/postgres/columns.h"
#include "store/postgres/pg_reader.h"
#include "store/row_codec.h"

namespace junctor::store::postgres {
namespace {

// The conditions of a list, as SQL text with numbered parameters.
class Conditions {
 public:
  template <class Value>
  void add(const std::string& text, const Value& value, const char* cast = "") {
    params_.add(value);
    ++count_;
    sql_ += " AND " + text + " $" + std::to_string(count_) + cast;
  }
  // A cursor is the key that the last page ended with.
  template <class Request>
  Result<void> addPage(const std::string& key, const Request& request) {
    JUNCTOR_TRY(const auto cursor, parseCursor(request.cursor));
    if (cursor) add(key + (request.oldest_first ? " >" : " <"), *cursor, "::int8");
    order_ = request.oldest_first ? " ASC" : " DESC";
    return {};
  }
  void add(const std::string& text) { sql_ += " AND " + text; }

  // The rows of a tenant, or of every tenant in turn: each has an index of its own by key.
  Query list(const std::string& columns, const std::string& table, const std::string& key,
             const std::string& tenant, size_t size) {
    std::string owners = "(SELECT DISTINCT tenant_id FROM counter)";
    if (!tenant.empty()) {
      params_.add(tenant);
      owners = "(SELECT $" + std::to_string(++count_) + "::text AS tenant_id)";
    }
    params_.add(static_cast<int64_t>(size + 1));
    const std::string limit = " LIMIT $" + std::to_string(++count_) + "::int8";
    const std::string one = "SELECT " + columns + " FROM " + table + " WHERE " + table.back() +
                            ".tenant_id = t.tenant_id" + sql_ + " ORDER BY " + key + order_ + limit;
    return {
        "SELECT n.* FROM " + owners + " t, LATERAL (" + one + ") n ORDER BY n.key" + order_ + limit,
        std::move(params_)};
  }
  Query count(const std::string& table, const std::string& tenant) {
    if (!tenant.empty()) add(std::string(1, table.back()) + ".tenant_id =", tenant);
    return {"SELECT count(*) FROM " + table + " WHERE true" + sql_, std::move(params_)};
  }

 private:
  std::string sql_;
  const char* order_ = " DESC";
  Params params_;
  int count_ = 0;
};

// SQLite's GLOB as a regular expression over encode(…, 'escape'), where a byte that is not plain
// ASCII is "\ooo" and a backslash is doubled.
std::string regexOf(const std::string& glob) {
  std::string out = "^";
  bool in_set = false;
  for (const char c : glob) {
    const auto byte = static_cast<unsigned char>(c);
    if (in_set) {
      out += c == '\\' ? "\\\\" : std::string(1, c);
      in_set = c != ']';
    } else if (c == '*') {
      out += ".*";
    } else if (c == '?') {
      out += "(\\\\[0-7]{3}|\\\\\\\\|[^\\\\])";
    } else if (c == '[') {
      out += '[';
      in_set = true;
    } else if (byte == 0 || byte >= 0x80) {
      out += "\\\\";
      for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + (byte >> shift & 7));
    } else if (c == '\\') {
      out += "\\\\\\\\";
    } else {
      const bool plain = std::isalnum(byte) || c == '_' || c == ' ' || c == '-' || c == '/';
      out += plain ? std::string(1, c) : std::string("\\") + c;
    }
  }
  if (in_set) out += ']';
  return out + "$";
}

void addEventFilters(Conditions& where, const EventQuery& query) {
  if (!query.integration.empty()) where.add("e.integration =", query.integration);
  if (!query.source.empty()) where.add("e.source =", query.source);
  if (!query.type.empty()) {
    const bool glob = query.type.find_first_of("*?[") != std::string::npos;
    if (glob) {
      where.add("encode(e.type, 'escape') ~", regexOf(query.type), "::text");
    } else {
      where.add("e.type =", query.type, "::bytea");
    }
  }
  if (query.since_ms > 0) {
    where.add("e.received_at >=", query.since_ms, "::int8");
    where.add("e.key >=", std::max<int64_t>(0, query.since_ms - kIdSlackMs) << 12, "::int8");
  }
  if (query.until_ms > 0) where.add("e.received_at <=", query.until_ms, "::int8");
  if (!query.rules.empty()) where.add("0 < position(", query.rules, "::bytea IN e.rules)");
}

// Waiting and dead deliveries are few among many: the condition is that of their index.
void addDeliveryFilters(Conditions& where, const DeliveryQuery& query) {
  if (!query.destination.empty()) where.add("d.destination =", query.destination);
  if (!query.integration.empty()) where.add("d.integration =", query.integration);
  if (!query.rule_version.empty()) where.add("d.rule_version =", query.rule_version);
  if (query.cause != 0) where.add("d.cause =", static_cast<int64_t>(query.cause), "::int8");
  if (query.since_ms > 0) {
    where.add("d.created_at >=", query.since_ms, "::int8");
    where.add("d.key >=", std::max<int64_t>(0, query.since_ms - kIdSlackMs) << 12, "::int8");
  }
  if (query.until_ms > 0) where.add("d.created_at <=", query.until_ms, "::int8");
  if (query.state) {
    where.add("d.state = " + std::to_string(static_cast<int>(*query.state)));
  }
  if (query.event_id) {
    where.add("d.event_key =", query.event_id->orderKey(), "::int8");
    where.add("d.event_lo =", static_cast<int64_t>(query.event_id->uuid.lo), "::int8");
  }
}

}  // namespace

Result<Page<Event>> PgReader::listEvents(const EventQuery& request) {
  const size_t size = pageSize(request.limit);
  Conditions where;
  JUNCTOR_CHECK(where.addPage("e.key", request));
  addEventFilters(where, request);
  JUNCTOR_TRY(Rows rows, readers_.query(request.tenant, where.list(kPgEventColumns, "event e",
                                                                   "e.key", request.tenant, size)));
  Page<Event> page;
  int64_t last_key = 0;
  for (size_t seen = 0; rows.row(); ++seen) {
    if (seen == size) {
      page.next_cursor = std::to_string(last_key);
      break;
    }
    last_key = rows.integer(0);
    auto event = readEvent(rows, 0);
    if (event) {
      page.items.push_back(*std::move(event));
    } else {  // one damaged row must not hide the others
      reportDamage(event.error(), EventId{uuidOfRow(last_key, rows.word(1))});
    }
  }
  return page;
}

Result<Page<Delivery>> PgReader::listDeliveries(const DeliveryQuery& request) {
  const size_t size = pageSize(request.limit);
  Conditions where;
  JUNCTOR_CHECK(where.addPage("d.key", request));
  addDeliveryFilters(where, request);
  JUNCTOR_TRY(Rows rows, readers_.query(request.tenant, where.list(kPgDeliveryColumns, "delivery d",
                                                                   "d.key", request.tenant, size)));
  Page<Delivery> page;
  while (rows.row()) {
    if (page.items.size() == size) {
      page.next_cursor = std::to_string(page.items.back().id.orderKey());
      break;
    }
    page.items.push_back(readDelivery(rows, 0));
  }
  return page;
}

Result<int64_t> PgReader::countEvents(const EventQuery& request) {
  Conditions where;
  addEventFilters(where, request);
  JUNCTOR_TRY(Rows rows, readers_.query(request.tenant, where.count("event e", request.tenant)));
  return rows.row() ? rows.integer(0) : 0;
}

Result<int64_t> PgReader::countDeliveries(const DeliveryQuery& request) {
  Conditions where;
  addDeliveryFilters(where, request);
  JUNCTOR_TRY(Rows rows, readers_.query(request.tenant, where.count("delivery d", request.tenant)));
  return rows.row() ? rows.integer(0) : 0;
}

Result<std::vector<DeadCause>> PgReader::deadCauses(const std::string& tenant, size_t limit) {
  JUNCTOR_TRY(
      Rows rows,
      readers_.query(tenant,
                     {std::string("SELECT c.n, o.created_at, ") + kPgDeliveryColumns +
                          " FROM (SELECT count(*) AS n, min(key) AS oldest, max(key) AS newest FROM"
                          " delivery WHERE tenant_id = $1 AND state = 5 GROUP BY cause"
                          " ORDER BY n DESC, newest DESC LIMIT $2::int8) c"
                          " JOIN delivery d ON d.tenant_id = $1 AND d.key = c.newest"
                          " JOIN delivery o ON o.tenant_id = $1 AND o.key = c.oldest"
                          " ORDER BY c.n DESC, c.newest DESC",
                      Params::of(tenant, static_cast<int64_t>(limit))}));
  std::vector<DeadCause> causes;
  while (rows.row()) {
    DeadCause cause;
    cause.count = rows.integer(0);
    cause.oldest_at_ms = rows.integer(1);
    cause.newest = readDelivery(rows, 2);
    cause.cause = cause.newest.cause;
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace junctor::store::postgres
