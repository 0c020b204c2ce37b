#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "admin/render.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "flow/replay.h"

namespace junctor::admin {
namespace {

constexpr size_t kRedriveMax = 1'000;  // per call: it runs on one of few worker threads

Result<DeliveryId> deliveryIdOf(std::string_view text) {
  const auto id = DeliveryId::parse(text);
  if (!id) return notFound("'" + std::string(text) + "' is no delivery id (dlv_…)");
  return *id;
}

Result<store::DeliveryQuery> queryOf(const Call& call) {
  store::DeliveryQuery query;
  query.tenant = call.tenant();
  query.destination = parameter(call, "destination");
  query.integration = parameter(call, "integration");
  query.rule_version = parameter(call, "rule_version");
  query.cursor = parameter(call, "cursor");
  JUNCTOR_TRY(query.limit, limitOf(call));
  JUNCTOR_TRY(query.since_ms, timeOf(call, "since"));
  JUNCTOR_TRY(query.until_ms, timeOf(call, "until"));
  if (const std::string text = parameter(call, "fingerprint"); !text.empty()) {
    JUNCTOR_TRY(query.cause, flow::parseCause(text));
  }
  if (const std::string text = parameter(call, "event"); !text.empty()) {
    query.event_id = EventId::parse(text);
    if (!query.event_id) return invalidArgument("event must be an event id (evt_…)");
  }
  if (const std::string text = parameter(call, "state"); !text.empty()) {
    query.state = parseDeliveryState(text);
    if (!query.state) {
      return invalidArgument(
          "state must be pending, waiting, delivered, filtered, dead or discarded");
    }
  }
  return query;
}

Answered listOf(Call& call, const store::DeliveryQuery& query) {
  JUNCTOR_TRY(const auto found, call.services.store().listDeliveries(query));
  std::vector<std::string> items;
  for (const Delivery& delivery : found.items) items.push_back(deliveryJson(delivery));
  return page(items, found.next_cursor);
}

// What a person asked for may not be possible in the delivery's state: that is a conflict.
Result<void> orConflict(Result<void> done) {
  if (done || done.error().code != ErrorCode::InvalidArgument) return done;
  return makeError(ErrorCode::AlreadyExists, done.error().message);
}

Answered shown(Call& call, DeliveryId id) {
  JUNCTOR_TRY(const Delivery found, call.services.store().loadDelivery(call.tenant(), id));
  JUNCTOR_TRY(const auto attempts, call.services.store().listAttempts(id));
  JsonWriter out;
  out.beginObject();
  writeDelivery(out, found);
  writeJsonOr(out, "body", found.body_json);
  writeAttempts(out, attempts);
  JUNCTOR_TRY(const auto steps, stepsOf(call.services.store(), found));
  writeSteps(out, steps);
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Result<std::vector<DeliveryId>> listedIds(const Json& ids) {
  if (!ids.is_array()) return invalidArgument("ids must be a list of delivery ids");
  if (ids.size() > kRedriveMax) {
    return invalidArgument("at most " + std::to_string(kRedriveMax) + " ids at a time");
  }
  std::vector<DeliveryId> out;
  for (const Json& item : ids) {
    const auto id = item.is_string() ? DeliveryId::parse(item.get<std::string>()) : std::nullopt;
    if (!id) return invalidArgument("ids must be a list of delivery ids (dlv_…)");
    out.push_back(*id);
  }
  return out;
}

// The newest dead letters, of one destination or cause if it is given.
Result<std::vector<DeliveryId>> deadIds(Call& call, const std::string& destination,
                                        uint64_t cause) {
  store::DeliveryQuery query;
  query.tenant = call.tenant();
  query.state = DeliveryState::Dead;
  query.destination = destination;
  query.cause = cause;
  query.limit = limits::kPageMax;
  std::vector<DeliveryId> out;
  do {
    JUNCTOR_TRY(const auto found, call.services.store().listDeliveries(query));
    for (const Delivery& delivery : found.items) out.push_back(delivery.id);
    query.cursor = found.next_cursor;
  } while (!query.cursor.empty() && out.size() < kRedriveMax);
  return out;
}

Result<std::vector<DeliveryId>> wantedIds(Call& call, const Json& body) {
  JUNCTOR_TRY(const std::string destination, textOf(body, "destination"));
  JUNCTOR_TRY(const std::string fingerprint, textOf(body, "fingerprint"));
  const bool all = body.contains("all") && body["all"] == true;
  const int ways = static_cast<int>(body.contains("ids")) + static_cast<int>(all) +
                   static_cast<int>(!destination.empty()) + static_cast<int>(!fingerprint.empty());
  if (ways != 1) {
    return invalidArgument("name either ids, destination, fingerprint or \"all\": true");
  }
  if (body.contains("ids")) return listedIds(body["ids"]);
  uint64_t cause = 0;
  if (!fingerprint.empty()) {
    JUNCTOR_TRY(cause, flow::parseCause(fingerprint));
  }
  return deadIds(call, destination, cause);
}

}  // namespace

Answered deliveries(Call& call) {
  JUNCTOR_TRY(const auto query, queryOf(call));
  return listOf(call, query);
}

Answered delivery(Call& call) {
  JUNCTOR_TRY(const DeliveryId id, deliveryIdOf(call.path.at("d")));
  return shown(call, id);
}

Answered retry(Call& call) {
  JUNCTOR_TRY(const DeliveryId id, deliveryIdOf(call.path.at("d")));
  JUNCTOR_CHECK(emptyBody(call));
  JUNCTOR_CHECK(orConflict(call.services.retryDelivery(call.tenant(), id)));
  return shown(call, id);
}

Answered discard(Call& call) {
  JUNCTOR_TRY(const DeliveryId id, deliveryIdOf(call.path.at("d")));
  JUNCTOR_TRY(const Json body, bodyOf(call, {"reason"}));
  JUNCTOR_TRY(std::string reason, textOf(body, "reason"));
  if (reason.size() > 512) return invalidArgument("reason may have at most 512 bytes");
  if (reason.empty()) reason = "discarded by " + call.caller.token_id;
  JUNCTOR_CHECK(orConflict(call.services.discardDelivery(call.tenant(), id, reason)));
  return shown(call, id);
}

Answered deadLetters(Call& call) {
  JUNCTOR_TRY(auto query, queryOf(call));
  query.state = DeliveryState::Dead;
  return listOf(call, query);
}

Answered replayDeadLetters(Call& call) {
  JUNCTOR_TRY(const Json body, bodyOf(call, {"ids", "destination", "fingerprint", "all"}));
  JUNCTOR_TRY(const auto ids, wantedIds(call, body));
  JsonWriter failed;
  failed.beginArray();
  int64_t replayed = 0;
  for (const DeliveryId id : ids) {
    const auto done = call.services.retryDelivery(call.tenant(), id);
    if (done) {
      ++replayed;
      continue;
    }
    failed.beginObject().key("id").string(id.text());
    failed.key("detail").string(done.error().message).endObject();
  }
  failed.endArray();
  JsonWriter out;
  out.beginObject().key("replayed").integer(replayed).key("failed").raw(failed.text());
  out.key("has_more").boolean(!body.contains("ids") && ids.size() >= kRedriveMax).endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered ledger(Call& call) {
  JUNCTOR_TRY(const auto counts, call.services.store().ledger(call.tenant()));
  JsonWriter out;
  out.beginObject();
  writeLedger(out, counts);
  const LedgerHealth health = call.services.ledgerHealth(call.tenant());
  out.key("balanced").boolean(counts.missing() == 0 && health.problem.empty());
  out.key("problem").string(health.problem);
  writeTime(out, "checked_at", health.checked_at_ms);
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

}  // namespace junctor::admin
