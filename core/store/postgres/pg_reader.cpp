#include "store/postgres/pg_reader.h"

#include <memory>

#include "base/log.h"
#include "store/postgres/columns.h"
#include "store/row_codec.h"

namespace junctor::store::postgres {
namespace {

constexpr size_t kDamagedMax = 1'000;

Error missing(const std::string& id) {
  return notFound(id + " is not stored");
}

// The rows of one tenant, or (for the host) of each in turn: the keys start with the tenant.
std::string owner(const std::string& tenant, const char* column, int parameter) {
  return std::string(column) + (tenant.empty() ? " IN (SELECT tenant_id FROM counter)"
                                               : " = $" + std::to_string(parameter));
}

Params keyed(int64_t key, const std::string& tenant) {
  Params params = Params::of(key);
  if (!tenant.empty()) params.add(tenant);
  return params;
}

Token readToken(const Rows& row) {
  return Token{row.text(0), row.text(1), row.text(2), row.text(3), row.integer(4), row.integer(5)};
}

}  // namespace

void PgReader::reportDamage(const Error& error, EventId id) {
  {
    const std::lock_guard lock(mutex_);
    if (damaged_.size() >= kDamagedMax || !damaged_.insert(id).second) return;
  }
  log::error("store", {{"event", id.text()}}, "left out: {}", describe(error));
}

Result<EventPtr> PgReader::loadEvent(const std::string& tenant, EventId id) {
  JUNCTOR_TRY(
      Rows rows,
      readers_.query(tenant, {std::string("SELECT ") + kPgEventColumns + ", " + kPgRequestColumns +
                                  " FROM event e JOIN request r ON r.tenant_id ="
                                  " e.tenant_id AND r.key = coalesce(e.request_key, e.key)"
                                  " WHERE e.key = $1::int8 AND " +
                                  owner(tenant, "e.tenant_id", 2),
                              keyed(id.orderKey(), tenant)}));
  while (rows.row()) {
    JUNCTOR_TRY(Event event, readEvent(rows, 0));
    if (event.id != id) continue;
    JUNCTOR_TRY(RawRequestPtr request, readRequest(rows, kPgEventColumnCount));
    return EventPtr(
        std::make_shared<EventEnvelope>(EventEnvelope{std::move(event), std::move(request)}));
  }
  return missing(id.text());
}

Result<RawRequestPtr> PgReader::loadRequest(const std::string& tenant, EventId id) {
  JUNCTOR_TRY(Rows rows, readers_.query(tenant, {std::string("SELECT ") + kPgRequestColumns +
                                                     " FROM request r WHERE r.key = $1::int8 AND " +
                                                     owner(tenant, "r.tenant_id", 2),
                                                 keyed(id.orderKey(), tenant)}));
  while (rows.row()) {
    JUNCTOR_TRY(RawRequestPtr request, readRequest(rows, 0));
    if (request->id == id) return request;
  }
  return missing(id.text());
}

Result<Delivery> PgReader::loadDelivery(const std::string& tenant, DeliveryId id) {
  JUNCTOR_TRY(Rows rows,
              readers_.query(tenant, {std::string("SELECT ") + kPgDeliveryColumns +
                                          " FROM delivery d WHERE d.key = $1::int8 AND " +
                                          owner(tenant, "d.tenant_id", 2),
                                      keyed(id.orderKey(), tenant)}));
  while (rows.row()) {
    Delivery delivery = readDelivery(rows, 0);
    if (delivery.id == id) return delivery;
  }
  return missing(id.text());
}

Result<std::vector<Attempt>> PgReader::listAttempts(DeliveryId id) {
  JUNCTOR_TRY(Rows rows,
              asHost("SELECT a.number, a.started_at, a.latency_us, a.outcome, a.status, a.error,"
                     " a.request_head, a.response_head FROM delivery d JOIN attempt a ON"
                     " a.tenant_id = d.tenant_id AND a.delivery_key = d.key WHERE d.tenant_id IN"
                     " (SELECT tenant_id FROM counter) AND d.key = $1::int8 AND"
                     " d.id_lo = $2::int8 ORDER BY a.try",
                     Params::of(id.orderKey(), static_cast<int64_t>(id.uuid.lo))));
  std::vector<Attempt> attempts;
  while (rows.row()) attempts.push_back(readAttempt(rows, id));
  return attempts;
}

Result<std::vector<Step>> PgReader::listSteps(DeliveryId id) {
  JUNCTOR_TRY(Rows rows,
              asHost(std::string("SELECT ") + kPgStepColumns +
                         " FROM delivery d JOIN step s ON s.tenant_id = d.tenant_id AND"
                         " s.delivery_key = d.key WHERE d.tenant_id IN (SELECT tenant_id FROM"
                         " counter) AND d.key = $1::int8 AND d.id_lo = $2::int8"
                         " ORDER BY s.started_at, s.key",
                     Params::of(id.orderKey(), static_cast<int64_t>(id.uuid.lo))));
  std::vector<Step> steps;
  while (rows.row()) steps.push_back(readStep(rows, 0));
  return steps;
}

Result<std::vector<WaitingStep>> PgReader::waitingSteps() {
  JUNCTOR_TRY(Rows rows,
              asHost(std::string("SELECT d.key, d.id_lo, d.tenant_id, ") + kPgStepColumns +
                     " FROM step s JOIN delivery d ON d.tenant_id = s.tenant_id AND"
                     " d.key = s.delivery_key WHERE s.state = 1 AND s.kind = 'wait' AND"
                     " d.state = 0 ORDER BY s.delivery_key, s.key"));
  std::vector<WaitingStep> waiting;
  while (rows.row()) {
    waiting.push_back(
        {DeliveryId{uuidOfRow(rows.integer(0), rows.word(1))}, rows.text(2), readStep(rows, 3)});
  }
  return waiting;
}

Result<std::vector<std::pair<std::string, std::string>>> PgReader::documents(
    const std::string& kind) {
  JUNCTOR_TRY(Rows rows, asHost("SELECT key, json FROM document WHERE kind = $1 ORDER BY key",
                                Params::of(kind)));
  std::vector<std::pair<std::string, std::string>> documents;
  while (rows.row()) documents.emplace_back(rows.text(0), rows.text(1));
  return documents;
}

Result<std::optional<Token>> PgReader::findToken(const std::string& sha256_hex) {
  JUNCTOR_TRY(Rows rows, asHost("SELECT id, sha256, tenant_id, role, created_at, expires_at FROM"
                                " token WHERE sha256 = $1",
                                Params::of(sha256_hex)));
  std::optional<Token> token;
  if (rows.row()) token = readToken(rows);
  return token;
}

Result<std::vector<Token>> PgReader::tokens() {
  JUNCTOR_TRY(Rows rows, asHost("SELECT id, sha256, tenant_id, role, created_at, expires_at FROM"
                                " token ORDER BY created_at, id"));
  std::vector<Token> tokens;
  while (rows.row()) tokens.push_back(readToken(rows));
  return tokens;
}

Result<int64_t> PgReader::highestKey() {
  JUNCTOR_TRY(
      Rows rows,
      asHost("SELECT coalesce(max(greatest("
             " (SELECT key FROM request WHERE tenant_id = t.tenant_id ORDER BY key DESC LIMIT 1),"
             " (SELECT key FROM event WHERE tenant_id = t.tenant_id ORDER BY key DESC LIMIT 1),"
             " (SELECT key FROM delivery WHERE tenant_id = t.tenant_id ORDER BY key DESC LIMIT 1)"
             ")), 0)::int8 FROM (SELECT DISTINCT tenant_id FROM counter) t"));
  return rows.row() ? rows.integer(0) : 0;
}

Result<int64_t> PgReader::sizeBytes() {
  JUNCTOR_TRY(Rows rows, asHost("SELECT pg_database_size(current_database())"));
  return rows.row() ? rows.integer(0) : 0;
}

}  // namespace junctor::store::postgres
