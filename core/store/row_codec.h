#pragma once
// Rows to structs and back, for every engine: ids, headers, checksums, and the order in which the
// columns of a row are read. A Row has integer(c), word(c), maybeInteger(c), bytes(c), text(c) and
// name(c): the text of a column that holds a name of the configuration.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "model/delivery.h"
#include "model/event.h"
#include "model/step.h"

namespace junctor::store {

// A row holds an id as (order key, lower half); only version 7 ids come back whole.
Uuid uuidOfRow(int64_t key, uint64_t lo);
bool storable(Uuid id);

// Names and values, each behind its length (LEB128): any bytes come back as they were.
std::string encodeHeaders(const Headers& headers);
std::optional<Headers> decodeHeaders(std::string_view bytes);

uint32_t checksumOf(const RawRequest& request, std::string_view encoded_headers);
uint32_t checksumOf(const Event& event);

DeliveryState stateOf(int64_t value);     // a value outside the enum, so damage, is Dead
AttemptOutcome outcomeOf(int64_t value);  // likewise Internal
StepState stepStateOf(int64_t value);     // damage is Open: the step is done again
Priority priorityOf(int64_t value);       // damage is Normal
Error damaged(const std::string& id);

// Reading starts at column `first` and fails with DataLoss where the checksum does not match.
template <class Row>
Result<RawRequestPtr> readRequest(const Row& row, int first) {
  auto request = std::make_shared<RawRequest>();
  int column = first;
  const int64_t key = row.integer(column++);
  request->id = EventId{uuidOfRow(key, row.word(column++))};
  request->tenant = row.name(column++);
  request->integration = row.name(column++);
  request->connector = row.name(column++);
  request->received_at_ms = row.integer(column++);
  const auto checksum = static_cast<uint32_t>(row.integer(column++));
  request->dedupe_key = row.text(column++);
  request->method = row.text(column++);
  request->url = row.text(column++);
  request->remote_ip = row.text(column++);
  const std::string_view headers = row.bytes(column++);
  request->body = row.text(column++);
  auto decoded = decodeHeaders(headers);
  if (!decoded || checksumOf(*request, headers) != checksum) return damaged(request->id.text());
  request->headers = *std::move(decoded);
  return RawRequestPtr(std::move(request));
}

template <class Row>
Result<Event> readEvent(const Row& row, int first) {
  Event event;
  int column = first;
  const int64_t key = row.integer(column++);
  event.id = EventId{uuidOfRow(key, row.word(column++))};
  const auto request_key = row.maybeInteger(column++);
  const uint64_t request_lo = row.word(column++);
  event.request_id = request_key ? EventId{uuidOfRow(*request_key, request_lo)} : event.id;
  event.tenant = row.name(column++);
  event.integration = row.name(column++);
  event.source = row.name(column++);
  event.received_at_ms = row.integer(column++);
  event.occurred_at_ms = row.integer(column++);
  const auto checksum = static_cast<uint32_t>(row.integer(column++));
  event.sequence = row.maybeInteger(column++);
  event.hops = static_cast<int>(row.integer(column++));
  event.stale = row.integer(column++) != 0;
  for (std::string* text : {&event.type, &event.source_event_id, &event.resource.type,
                            &event.resource.id, &event.correlation_id, &event.actor_json,
                            &event.metadata_json, &event.data_json, &event.payload_json}) {
    *text = row.text(column++);
  }
  event.rules = row.text(column++);
  if (checksumOf(event) != checksum) return damaged(event.id.text());
  return event;
}

template <class Row>
Delivery readDelivery(const Row& row, int first) {
  Delivery delivery;
  int column = first;
  const int64_t key = row.integer(column++);
  delivery.id = DeliveryId{uuidOfRow(key, row.word(column++))};
  const int64_t event_key = row.integer(column++);
  delivery.event_id = EventId{uuidOfRow(event_key, row.word(column++))};
  for (std::string* name : {&delivery.tenant, &delivery.integration, &delivery.destination,
                            &delivery.route, &delivery.rule_version}) {
    *name = row.name(column++);
  }
  delivery.state = stateOf(row.integer(column++));
  delivery.attempts = static_cast<int>(row.integer(column++));
  delivery.next_at_ms = row.integer(column++);
  delivery.created_at_ms = row.integer(column++);
  delivery.order_key = row.text(column++);
  delivery.reason = row.text(column++);
  delivery.mapping = row.text(column++);
  delivery.body_json = row.text(column++);
  const uint64_t cause = row.word(column++);
  if (delivery.state == DeliveryState::Dead) delivery.cause = cause;
  delivery.priority = priorityOf(row.integer(column++));
  delivery.latest_only = row.integer(column++) != 0;
  return delivery;
}

template <class Row>
Step readStep(const Row& row, int first) {
  Step step;
  step.key = row.text(first);
  step.kind = row.text(first + 1);
  step.target = row.text(first + 2);
  step.digest = row.text(first + 3);
  step.state = stepStateOf(row.integer(first + 4));
  step.tries = static_cast<int>(row.integer(first + 5));
  step.started_at_ms = row.integer(first + 6);
  step.ended_at_ms = row.integer(first + 7);
  step.due_at_ms = row.integer(first + 8);
  step.result_json = row.text(first + 9);
  step.error = row.text(first + 10);
  return step;
}

template <class Row>
Attempt readAttempt(const Row& row, DeliveryId delivery_id) {
  Attempt attempt;
  attempt.delivery_id = delivery_id;
  int column = 0;
  attempt.number = static_cast<int>(row.integer(column++));
  attempt.started_at_ms = row.integer(column++);
  attempt.latency_us = row.integer(column++);
  attempt.outcome = outcomeOf(row.integer(column++));
  attempt.status = static_cast<int>(row.integer(column++));
  attempt.error = row.text(column++);
  attempt.request_head = row.text(column++);
  attempt.response_head = row.text(column++);
  return attempt;
}

}  // namespace junctor::store
