#include <algorithm>

#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "admin/render.h"
#include "base/limits.h"

namespace junctor::admin {
namespace {

Result<EventId> eventIdOf(const Call& call) {
  const auto id = EventId::parse(call.path.at("e"));
  if (!id) return notFound("'" + call.path.at("e") + "' is no event id (evt_…)");
  return *id;
}

Result<std::vector<Delivery>> deliveriesOf(Call& call, EventId id) {
  store::DeliveryQuery query;
  query.tenant = call.tenant();
  query.event_id = id;
  query.limit = limits::kPageMax;
  JUNCTOR_TRY(auto found, call.services.store().listDeliveries(query));
  std::reverse(found.items.begin(), found.items.end());  // in the order they were made
  return std::move(found.items);
}

struct FoundEvent {
  EventPtr event;
  bool processed = true;
};

// A request that was acknowledged is there at once; its event is made a moment later.
Result<FoundEvent> findEvent(Call& call, EventId id) {
  store::Store& store = call.services.store();
  auto event = store.loadEvent(call.tenant(), id);
  if (event) return FoundEvent{*std::move(event)};
  if (event.error().code != ErrorCode::NotFound) return event.error();
  const auto request = store.loadRequest(call.tenant(), id);
  if (!request) return event.error();
  Event received;
  received.id = received.request_id = id;
  received.tenant = (*request)->tenant;
  received.integration = (*request)->integration;
  received.source = (*request)->connector;
  received.received_at_ms = received.occurred_at_ms = (*request)->received_at_ms;
  received.payload_json = "null";  // the body is not parsed yet
  return FoundEvent{std::make_shared<EventEnvelope>(EventEnvelope{std::move(received), *request}),
                    false};
}

struct Moment {
  int64_t at_ms;
  std::string json;
};

void addMoment(std::vector<Moment>& moments, int64_t at_ms, std::string_view what,
               std::string_view id, std::string_view detail) {
  JsonWriter out;
  out.beginObject();
  writeTime(out, "at", at_ms);
  out.key("what").string(what).key("id").string(id).key("detail").string(detail);
  out.endObject();
  moments.push_back({at_ms, std::move(out).take()});
}

void addDelivery(std::vector<Moment>& moments, const Delivery& delivery,
                 const std::vector<Attempt>& attempts) {
  const std::string id = delivery.id.text();
  const std::string route = delivery.route.empty() ? "" : "by route " + delivery.route + " ";
  addMoment(moments, delivery.created_at_ms, "routed", id,
            delivery.destination.empty() ? delivery.reason : route + "to " + delivery.destination);
  for (const Attempt& attempt : attempts) {
    std::string detail =
        "attempt " + std::to_string(attempt.number) + ": " + std::string(toString(attempt.outcome));
    if (attempt.status != 0) detail += " " + std::to_string(attempt.status);
    if (!attempt.error.empty()) detail += ", " + attempt.error;
    addMoment(moments, attempt.started_at_ms, "attempt", id, detail);
  }
  if (delivery.state == DeliveryState::Pending) {
    addMoment(moments, delivery.next_at_ms, "due", id, "next attempt");
  } else {
    const int64_t last = attempts.empty()
                             ? delivery.created_at_ms
                             : attempts.back().started_at_ms + attempts.back().latency_us / 1000;
    addMoment(moments, last, toString(delivery.state), id, delivery.reason);
  }
}

}  // namespace

Answered events(Call& call) {
  store::EventQuery query;
  query.tenant = call.tenant();
  query.type = parameter(call, "type");
  query.integration = parameter(call, "integration");
  query.source = parameter(call, "source");
  query.cursor = parameter(call, "cursor");
  JUNCTOR_TRY(query.limit, limitOf(call));
  JUNCTOR_TRY(query.since_ms, timeOf(call, "since"));
  JUNCTOR_TRY(query.until_ms, timeOf(call, "until"));
  JUNCTOR_TRY(const auto found, call.services.store().listEvents(query));
  std::vector<std::string> items;
  for (const Event& event : found.items) items.push_back(eventJson(event));
  return page(items, found.next_cursor);
}

Answered event(Call& call) {
  JUNCTOR_TRY(const EventId id, eventIdOf(call));
  JUNCTOR_TRY(const FoundEvent known, findEvent(call, id));
  const EventPtr& found = known.event;
  JUNCTOR_TRY(const auto deliveries, deliveriesOf(call, id));
  JsonWriter out;
  out.beginObject();
  out.key("status").string(known.processed ? "processed" : "received");
  writeEvent(out, found->event);
  writeJsonOr(out, "data", found->event.data_json);
  writeJsonOr(out, "metadata", found->event.metadata_json);
  writeJsonOr(out, "payload", found->payload());
  writeRequest(out, *found->request);
  out.key("deliveries").beginArray();
  for (const Delivery& delivery : deliveries) {
    JUNCTOR_TRY(const auto attempts, call.services.store().listAttempts(delivery.id));
    out.beginObject();
    writeDelivery(out, delivery);
    writeAttempts(out, attempts);
    JUNCTOR_TRY(const auto steps, stepsOf(call.services.store(), delivery));
    writeSteps(out, steps);
    out.endObject();
  }
  out.endArray().endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered timeline(Call& call) {
  JUNCTOR_TRY(const EventId id, eventIdOf(call));
  JUNCTOR_TRY(const FoundEvent known, findEvent(call, id));
  const EventPtr& found = known.event;
  JUNCTOR_TRY(const auto deliveries, deliveriesOf(call, id));
  std::vector<Moment> moments;
  addMoment(moments, found->event.received_at_ms, "received", found->event.request_id.text(),
            found->request->method + " from " + found->request->remote_ip);
  if (known.processed) {
    addMoment(moments, found->event.received_at_ms, "normalized", id.text(), found->event.type);
  }
  for (const Delivery& delivery : deliveries) {
    JUNCTOR_TRY(const auto attempts, call.services.store().listAttempts(delivery.id));
    addDelivery(moments, delivery, attempts);
  }
  std::stable_sort(moments.begin(), moments.end(),
                   [](const Moment& a, const Moment& b) { return a.at_ms < b.at_ms; });
  std::vector<std::string> items;
  for (Moment& moment : moments) items.push_back(std::move(moment.json));
  return page(items);
}

Answered replay(Call& call) {
  JUNCTOR_TRY(const EventId id, eventIdOf(call));
  JUNCTOR_CHECK(emptyBody(call));
  JUNCTOR_TRY(const auto made, call.services.replayEvent(call.tenant(), id));
  JsonWriter out;
  out.beginObject().key("event_id").string(id.text()).key("delivery_ids").beginArray();
  for (const DeliveryId delivery : made) out.string(delivery.text());
  out.endArray().endObject();
  return net::jsonResponse(202, std::move(out).take());
}

}  // namespace junctor::admin
