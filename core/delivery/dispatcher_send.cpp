// One attempt: the request that is sent, and what its answer means.
#include <algorithm>

#include "base/log.h"
#include "delivery/cloud_event.h"
#include "delivery/dispatcher.h"
#include "delivery/request_head.h"
#include "model/trail.h"
#include "queue/retry_schedule.h"

namespace junctor::delivery {

Result<EventPtr> Dispatcher::eventOf(const Item& item) {
  if (item.event) return item.event;
  return deps_.store.loadEvent(item.delivery.tenant, item.delivery.event_id);
}

void Dispatcher::send(const Leased& leased) {
  const Delivery& delivery = leased.item->delivery;
  TargetTablePtr table;
  bool disabled = false;
  {
    std::lock_guard lock(mutex_);
    table = targets_;
    disabled = disabled_.contains(laneOf(delivery));
  }
  const bool flow = isFlow(delivery.destination);
  const Target* target = table->find(delivery.tenant, delivery.destination);
  if (!target && !flow) return park(leased, "destination-missing");
  if (disabled) return park(leased, "destination-disabled");
  if (!delivery.mapping.empty() && delivery.body_json.empty()) {
    return park(leased, "mapping-failed");  // the event itself is not what it was to get
  }
  if (!flow && !target->unavailable.empty()) return park(leased, "destination-cannot-sign");
  auto event = eventOf(*leased.item);
  if (!event) {
    const ErrorCode code = event.error().code;
    if (code != ErrorCode::NotFound && code != ErrorCode::DataLoss) return defer(leased);
    store::AttemptRecord record;
    record.attempt.error = describe(event.error());
    record.state = DeliveryState::Dead;
    record.reason = "event-unreadable: " + event.error().message;
    return conclude(leased, std::move(record));
  }
  if (delivery.latest_only && deps_.stale && deps_.stale((*event)->event)) {
    return filter(leased, "stale: a newer event of its resource was seen");
  }
  if (flow) return handToFlows(leased, *event);
  if (target->destination->type == "log") return writeLog(leased, **event);
  sendHttp(leased, *event, table, *target);
}

void Dispatcher::handToFlows(const Leased& leased, const EventPtr& event) {
  if (!flow_runner_) return defer(leased);
  FlowLease lease;
  lease.delivery = leased.item->delivery;
  lease.event = event;
  lease.conclude = [this, leased](store::AttemptRecord record) {
    (record.state == DeliveryState::Delivered ? delivered_ : failed_).add();
    conclude(leased, std::move(record));
  };
  lease.suspend = [this, leased](int64_t due_at_ms) { defer(leased, due_at_ms); };
  flow_runner_(std::move(lease));
}

void Dispatcher::sendHttp(const Leased& leased, const EventPtr& event, const TargetTablePtr& table,
                          const Target& target) {
  const Delivery& delivery = leased.item->delivery;
  const Destination& destination = *target.destination;
  const int64_t now = deps_.clock.unixMs();
  net::OutboundRequest request;
  request.url = destination.url;
  request.pool = target.pool;
  request.allow_private = destination.allow_private;
  if (destination.timeout.count() > 0) request.timeout_ms = destination.timeout.count();
  auto body = std::make_shared<const std::string>(destination.binary_mode
                                                      ? binaryBody(*event, delivery.body_json)
                                                      : structuredBody(*event, delivery.body_json));
  request.headers = {
      {"Content-Type", destination.binary_mode ? "application/json"
                                               : "application/cloudevents+json; charset=utf-8"},
      {"User-Agent", "Junctor/1"},
      {"Junctor-Hops", std::to_string(event->event.hops + 1)},
      {std::string(kTrailHeader),
       trailWith(event->request->headers,
                 hopOf(delivery.tenant, delivery.route, delivery.destination))}};
  const uint64_t span = delivery.id.uuid.lo + static_cast<uint64_t>(delivery.attempts);
  request.headers.emplace_back("traceparent", traceParent(event->event, span));
  if (destination.binary_mode) {
    for (Header& header : binaryHeaders(*event)) request.headers.push_back(std::move(header));
  }
  if (target.signer) {
    for (Header& header : target.signer->sign(delivery.id.text(), now / 1000, *body)) {
      request.headers.push_back(std::move(header));
    }
  } else {
    request.headers.emplace_back("webhook-id", delivery.id.text());
  }
  for (const auto& header : destination.headers) request.headers.push_back(header);
  request.body = std::move(body);
  std::string head = requestHead(request);  // records references, not what they refer to
  std::copy(target.headers.begin(), target.headers.end(),
            request.headers.end() - static_cast<std::ptrdiff_t>(target.headers.size()));
  deps_.client.send(std::move(request), [this, leased, table, &target, head = std::move(head),
                                         now](const Result<net::OutboundResponse>& answer) {
    complete(leased, table, target, head, now, answer);
  });
}

void Dispatcher::complete(const Leased& leased, const TargetTablePtr&, const Target& target,
                          const std::string& request_head, int64_t started_unix_ms,
                          const Result<net::OutboundResponse>& answer) {
  if (!answer && answer.error().code == ErrorCode::Cancelled) {
    // Never sent for want of a connection, or the client stops: no attempt is counted. In the
    // second case it may have been sent; it is then repeated after the restart, with the same
    // webhook-id.
    return defer(leased);
  }
  const Delivery& delivery = leased.item->delivery;
  const int64_t now = deps_.clock.unixMs();
  const Verdict verdict = judge(answer, now);
  store::AttemptRecord record;
  record.attempt.started_at_ms = started_unix_ms;
  record.attempt.latency_us = answer ? answer->latency_us : (now - started_unix_ms) * 1000;
  record.attempt.outcome = verdict.outcome;
  record.attempt.status = verdict.status;
  record.attempt.error = verdict.error;
  record.attempt.request_head = request_head;
  if (answer) record.attempt.response_head = responseHead(*answer, secretsOf(target));
  attempt_seconds_.observeUs(record.attempt.latency_us);

  if (verdict.outcome == AttemptOutcome::Delivered) {
    record.state = DeliveryState::Delivered;
    delivered_.add();
    if (delivery.attempts == 0 && leased.item->event) {
      end_to_end_.observeUs((now - leased.item->event->event.received_at_ms) * 1000);
    }
    return conclude(leased, std::move(record), verdict.sign());
  }
  failed_.add();
  if (verdict.disable_destination) disable(target);
  const auto wait = verdict.try_again
                        ? queue::nextWait(target.destination->retry.schedule, delivery.attempts + 1,
                                          jitter(), verdict.retry_after)
                        : std::nullopt;
  if (wait) {
    record.state = DeliveryState::Pending;
    record.next_at_ms = now + wait->count();
  } else {
    record.state = DeliveryState::Dead;
    record.reason =
        verdict.try_again ? "attempts-exhausted: " + verdict.error : verdict.dead_reason;
  }
  std::optional<int64_t> silence_ms;
  if (verdict.retry_after) silence_ms = verdict.retry_after->count();
  conclude(leased, std::move(record), verdict.sign(), silence_ms);
}

void Dispatcher::writeLog(const Leased& leased, const EventEnvelope& event) {
  log::info("delivery",
            {{"tenant", event.event.tenant},
             {"event", event.event.id.text()},
             {"destination", leased.item->delivery.destination},
             {"type", event.event.type}},
            "event");
  store::AttemptRecord record;
  record.attempt.started_at_ms = deps_.clock.unixMs();
  record.attempt.outcome = AttemptOutcome::Delivered;
  record.state = DeliveryState::Delivered;
  delivered_.add();
  conclude(leased, std::move(record), queue::GateSign::Healthy);
}

double Dispatcher::jitter() {
  std::lock_guard lock(mutex_);
  return random_.unit();
}

}  // namespace junctor::delivery
