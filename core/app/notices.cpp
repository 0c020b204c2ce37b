#include "app/notices.h"

#include "base/json_doc.h"
#include "base/json_writer.h"
#include "base/log.h"

namespace junctor::app {
namespace {

constexpr const char* kErrorKind = "integration-error";

std::string dataOf(const std::string& name, int64_t since_ms, const std::string& reason) {
  JsonWriter json;
  json.beginObject().key("name").string(name);
  json.key("since").string(formatRfc3339(since_ms)).key("reason").string(reason).endObject();
  return std::move(json).take();
}

// Of an integration; `kind` keeps what troubles it for different causes apart.
template <class Trouble>
flow::Notice noticeOf(const Trouble& trouble, const char* kind, const std::string& reason) {
  flow::Notice notice;
  notice.tenant = trouble.tenant;
  notice.type = trouble.over ? "junctor.integration.recovered" : "junctor.integration.error";
  notice.resource = "integration";
  notice.resource_id = trouble.integration;
  notice.once_key = trouble.integration + kind + std::to_string(trouble.since_ms);
  notice.data_json = dataOf(trouble.integration, trouble.since_ms, reason);
  return notice;
}

std::string storedForm(const flow::IntegrationTrouble& trouble) {
  JsonWriter json;
  json.beginObject().key("tenant").string(trouble.tenant).key("since").integer(trouble.since_ms);
  json.key("reason").string(trouble.reason).endObject();
  return std::move(json).take();
}

}  // namespace

void Notices::post(const flow::Notice& notice) {
  const RawRequestPtr request = flow::requestOf(notice, deps_.ids, deps_.clock);
  deps_.store.append(request, [this, request](const Result<store::Appended>& appended) {
    if (!appended) {
      return log::error("app", {{"tenant", request->tenant}}, "{} not told: {}", request->url,
                        appended.error().message);
    }
    if (!appended->duplicate) deps_.offer(request);
  });
}

void Notices::tell(const delivery::Trouble& trouble) {
  flow::Notice notice;
  notice.tenant = trouble.tenant;
  notice.type = trouble.gone   ? "junctor.destination.disabled"
                : trouble.over ? "junctor.destination.recovered"
                               : "junctor.destination.error";
  notice.resource = "destination";
  notice.resource_id = trouble.destination;
  notice.once_key = trouble.destination + "/" + std::to_string(trouble.since_ms);
  notice.data_json = dataOf(trouble.destination, trouble.since_ms, trouble.reason);
  post(notice);
}

void Notices::tell(const flow::IntegrationTrouble& trouble) {
  post(noticeOf(trouble, "/", trouble.reason));
  log::warn("flow", {{"tenant", trouble.tenant}, {"integration", trouble.integration}}, "{}: {}",
            trouble.over ? "no longer in error" : "in error", trouble.reason);
  deps_.chores.soon([this, trouble] {
    const auto saved = trouble.over ? deps_.store.removeDocument(kErrorKind, trouble.integration)
                                    : deps_.store.putDocument(kErrorKind, trouble.integration,
                                                              storedForm(trouble));
    if (!saved && saved.error().code != ErrorCode::NotFound) {
      log::error("app", {}, "{}", saved.error().message);
    }
    if (trouble.over) drain(trouble);
  });
}

void Notices::tell(const oauth::CredentialTrouble& trouble) {
  const std::string reason =
      trouble.over ? "its credential works again" : "its credential is refused: " + trouble.reason;
  post(noticeOf(trouble, "/credential/", reason));
}

void Notices::tell(const quota::Told& told) {
  const std::string name =
      told.kind == quota::Kind::Events ? "events_per_hour" : "deliveries_per_hour";
  flow::Notice notice;
  notice.tenant = told.tenant;
  notice.type = told.alarm == quota::Alarm::Soft   ? "junctor.limit.soft"
                : told.alarm == quota::Alarm::Hard ? "junctor.limit.hard"
                                                   : "junctor.limit.spike";
  notice.resource = "limit";
  notice.resource_id = name;
  notice.once_key = name + "/" + std::to_string(told.hour.hour);
  JsonWriter json;
  json.beginObject().key("name").string(name).key("limit").integer(told.limit);
  json.key("hour").string(formatRfc3339(told.hour.hour * quota::Meter::kHourMs));
  json.key("events").integer(told.hour.events);
  json.key("deliveries").integer(told.hour.deliveries).endObject();
  notice.data_json = std::move(json).take();
  log::warn("app", {{"tenant", told.tenant}}, "{}: {} events, {} deliveries in this hour",
            notice.type, told.hour.events, told.hour.deliveries);
  post(notice);
}

// What its connector could not do while it was in error. Not what crashed it: that would again.
void Notices::drain(const flow::IntegrationTrouble& trouble) {
  for (const char* reason : {"connector-error", "connector-quarantined"}) {
    flow::Replay replay;
    replay.tenant = trouble.tenant;
    replay.dead_letters = true;
    replay.integration = trouble.integration;
    replay.reason = reason;
    replay.since_ms = std::max<int64_t>(1, trouble.since_ms - 60'000);  // made before it was noted
    replay.created_by = "junctor.integration.recovered";
    const auto made = deps_.replays().create(std::move(replay));
    if (made) continue;
    log::error("app", {{"integration", trouble.integration}},
               "its dead letters are not run again: {}", made.error().message);
  }
}

void Notices::restore(flow::Failing& failing) {
  const auto stored = deps_.store.documents(kErrorKind);
  if (!stored) return log::error("app", {}, "{}", stored.error().message);
  for (const auto& [integration, json] : *stored) {
    JsonDoc document;
    const auto parsed = document.parse(json);
    if (!parsed) continue;
    failing.restore({std::string(parsed->find("tenant").asString()), integration,
                     parsed->find("since").asInt().value_or(0), false,
                     std::string(parsed->find("reason").asString())});
  }
}

}  // namespace junctor::app
