#include "store/sqlite/reader.h"

#include <memory>

#include "base/log.h"
#include "store/sqlite/rows.h"

namespace junctor::store {
namespace {

constexpr size_t kDamagedMax = 1'000;

Error missing(const std::string& id) {
  return notFound(id + " is not stored");
}

bool visibleTo(const std::string& tenant, const std::string& owner) {
  return tenant.empty() || tenant == owner;
}

Token readToken(const Statement& row) {
  return Token{row.text(0), row.text(1), row.text(2), row.text(3), row.integer(4), row.integer(5)};
}

}  // namespace

Result<ReaderPool::Query> Reader::query(const std::string& sql) {
  if (follows_) JUNCTOR_CHECK(followNames());
  return pool_.query(sql);
}

Result<void> Reader::followNames() {
  JUNCTOR_TRY(auto rows, pool_.query("SELECT max(no) FROM name"));
  if (!rows->row()) return rows.end();
  const bool grown = !names_.text(rows->integer(0));
  rows->reset();
  return grown ? names_.load(rows.database()) : Result<void>();
}

void Reader::reportDamage(const Error& error, EventId id) {
  {
    const std::lock_guard lock(mutex_);
    if (damaged_.size() >= kDamagedMax || !damaged_.insert(id).second) return;
  }
  log::error("store", {{"event", id.text()}}, "left out: {}", describe(error));
}

// A damaged request stays where it is and is reported; the others go on.
Result<std::vector<RawRequestPtr>> Reader::inbox(size_t limit, size_t bytes_max,
                                                 const std::function<bool(EventId)>& skip) {
  static const std::string sql = std::string("SELECT i.key, i.id_lo, ") + kRequestColumns +
                                 " FROM inbox i JOIN request r ON r.key = i.key ORDER BY i.key";
  JUNCTOR_TRY(auto rows, query(sql));
  std::vector<RawRequestPtr> requests;
  size_t bytes = 0;
  while (requests.size() < limit && bytes <= bytes_max && rows->row()) {
    const EventId id{uuidOfRow(rows->integer(0), rows->word(1))};
    if (skip && skip(id)) continue;
    auto request = readRequest(NamedRow{*rows, names_}, 2);
    if (request) {
      bytes += (*request)->body.size();
      requests.push_back(*std::move(request));
    } else {
      reportDamage(request.error(), id);
    }
  }
  JUNCTOR_CHECK(rows.end());
  return requests;
}

Result<std::map<std::string, int64_t>> Reader::parked() {
  JUNCTOR_TRY(auto rows, query("SELECT integration, count(*) FROM parked GROUP BY integration"));
  std::map<std::string, int64_t> counts;
  while (rows->row()) counts.emplace(rows->bytes(0), rows->integer(1));
  JUNCTOR_CHECK(rows.end());
  return counts;
}

Result<EventPtr> Reader::loadEvent(const std::string& tenant, EventId id) {
  static const std::string sql =
      std::string("SELECT ") + kEventColumns + ", " + kRequestColumns +
      " FROM event e JOIN request r ON r.key = coalesce(e.request_key, e.key) WHERE e.key = ?";
  JUNCTOR_TRY(auto rows, query(sql));
  rows->with(id.orderKey());
  if (!rows->row()) {
    JUNCTOR_CHECK(rows.end());
    return missing(id.text());
  }
  JUNCTOR_TRY(Event event, readEvent(NamedRow{*rows, names_}, 0));
  if (event.id != id || !visibleTo(tenant, event.tenant)) return missing(id.text());
  JUNCTOR_TRY(RawRequestPtr request, readRequest(NamedRow{*rows, names_}, kEventColumnCount));
  return EventPtr(
      std::make_shared<EventEnvelope>(EventEnvelope{std::move(event), std::move(request)}));
}

Result<RawRequestPtr> Reader::loadRequest(const std::string& tenant, EventId id) {
  static const std::string sql =
      std::string("SELECT ") + kRequestColumns + " FROM request r WHERE r.key = ?";
  JUNCTOR_TRY(auto rows, query(sql));
  rows->with(id.orderKey());
  if (!rows->row()) {
    JUNCTOR_CHECK(rows.end());
    return missing(id.text());
  }
  JUNCTOR_TRY(RawRequestPtr request, readRequest(NamedRow{*rows, names_}, 0));
  if (request->id != id || !visibleTo(tenant, request->tenant)) return missing(id.text());
  return request;
}

Result<Delivery> Reader::loadDelivery(const std::string& tenant, DeliveryId id) {
  static const std::string sql =
      std::string("SELECT ") + kDeliveryColumns + " FROM delivery d WHERE d.key = ?";
  JUNCTOR_TRY(auto rows, query(sql));
  rows->with(id.orderKey());
  if (!rows->row()) {
    JUNCTOR_CHECK(rows.end());
    return missing(id.text());
  }
  Delivery delivery = readDelivery(NamedRow{*rows, names_}, 0);
  if (delivery.id != id || !visibleTo(tenant, delivery.tenant)) return missing(id.text());
  return delivery;
}

Result<std::vector<Attempt>> Reader::listAttempts(DeliveryId id) {
  JUNCTOR_TRY(auto rows,
              query("SELECT a.number, a.started_at, a.latency_us, a.outcome, a.status, a.error,"
                    " a.request_head, a.response_head FROM attempt a"
                    " JOIN delivery d ON d.key = a.delivery_key AND d.id_lo = ?"
                    " WHERE a.delivery_key = ? ORDER BY a.try"));
  rows->with(id.uuid.lo, id.orderKey());
  std::vector<Attempt> attempts;
  while (rows->row()) attempts.push_back(readAttempt(*rows, id));
  JUNCTOR_CHECK(rows.end());
  return attempts;
}

Result<std::vector<Step>> Reader::listSteps(DeliveryId id) {
  static const std::string sql =
      std::string("SELECT ") + kStepColumns +
      " FROM step s JOIN delivery d ON d.key = s.delivery_key AND d.id_lo = ?"
      " WHERE s.delivery_key = ? ORDER BY s.started_at, s.key";
  JUNCTOR_TRY(auto rows, query(sql));
  rows->with(id.uuid.lo, id.orderKey());
  std::vector<Step> steps;
  while (rows->row()) steps.push_back(readStep(*rows, 0));
  JUNCTOR_CHECK(rows.end());
  return steps;
}

Result<std::vector<WaitingStep>> Reader::waitingSteps() {
  static const std::string sql =
      std::string("SELECT d.key, d.id_lo, d.tenant, ") + kStepColumns +
      " FROM step s INDEXED BY step_waiting JOIN delivery d ON d.key = s.delivery_key"
      " WHERE s.state = 1 AND s.kind = 'wait' AND d.state = 0 ORDER BY s.delivery_key, s.key";
  JUNCTOR_TRY(auto rows, query(sql));
  std::vector<WaitingStep> waiting;
  while (rows->row()) {
    waiting.push_back({DeliveryId{uuidOfRow(rows->integer(0), rows->word(1))},
                       names_.text(rows->integer(2)).value_or(""), readStep(*rows, 3)});
  }
  JUNCTOR_CHECK(rows.end());
  return waiting;
}

Result<std::vector<std::pair<std::string, std::string>>> Reader::documents(
    const std::string& kind) {
  JUNCTOR_TRY(auto rows, query("SELECT key, json FROM document WHERE kind = ? ORDER BY key"));
  rows->with(kind);
  std::vector<std::pair<std::string, std::string>> documents;
  while (rows->row()) documents.emplace_back(rows->text(0), rows->text(1));
  JUNCTOR_CHECK(rows.end());
  return documents;
}

Result<std::optional<Token>> Reader::findToken(const std::string& sha256_hex) {
  JUNCTOR_TRY(auto rows, query("SELECT id, sha256, tenant, role, created_at, expires_at FROM token"
                               " WHERE sha256 = ?"));
  rows->with(sha256_hex);
  std::optional<Token> token;
  if (rows->row()) token = readToken(*rows);
  JUNCTOR_CHECK(rows.end());
  return token;
}

Result<std::vector<Token>> Reader::tokens() {
  JUNCTOR_TRY(auto rows, query("SELECT id, sha256, tenant, role, created_at, expires_at FROM token"
                               " ORDER BY created_at, id"));
  std::vector<Token> tokens;
  while (rows->row()) tokens.push_back(readToken(*rows));
  JUNCTOR_CHECK(rows.end());
  return tokens;
}

Result<int64_t> Reader::highestKey() {
  JUNCTOR_TRY(auto rows, query("SELECT max((SELECT coalesce(max(key), 0) FROM request),"
                               " (SELECT coalesce(max(key), 0) FROM event),"
                               " (SELECT coalesce(max(key), 0) FROM delivery))"));
  const int64_t highest = rows->row() ? rows->integer(0) : 0;
  JUNCTOR_CHECK(rows.end());
  return highest;
}

}  // namespace junctor::store
