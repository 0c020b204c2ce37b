#include "store/sqlite/row_codec.h"

#include <memory>
#include <utility>

#include "store/sqlite/fingerprint.h"

namespace junctor::store {
namespace {

void appendCounted(std::string& out, std::string_view text) {
  size_t size = text.size();
  for (; size >= 0x80; size >>= 7) out.push_back(static_cast<char>((size & 0x7f) | 0x80));
  out.push_back(static_cast<char>(size));
  out.append(text);
}

std::optional<std::string> takeCounted(std::string_view& bytes) {
  size_t size = 0;
  for (int shift = 0;; shift += 7) {
    if (bytes.empty() || shift > 28) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    size |= static_cast<size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (size > bytes.size()) return std::nullopt;
  std::string text(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return text;
}

uint32_t checksumRequest(std::string_view method, std::string_view url, std::string_view headers,
                         std::string_view body) {
  return crc32c(body, crc32c(headers, crc32c(url, crc32c(method))));
}

std::string nameOf(const NameTable& names, int64_t number) {
  return names.text(number).value_or("#" + std::to_string(number));
}

// A number outside its enum can only be damage: it must not index a table of names.
AttemptOutcome outcomeOf(int64_t value) {
  return value >= 0 && value < static_cast<int64_t>(AttemptOutcome::Internal)
             ? static_cast<AttemptOutcome>(value)
             : AttemptOutcome::Internal;
}

Error damaged(const std::string& id) {
  return makeError(ErrorCode::DataLoss, id + ": stored bytes are damaged (checksum)");
}

}  // namespace

DeliveryState stateOf(int64_t value) {
  return value >= 0 && value <= static_cast<int64_t>(DeliveryState::Discarded)
             ? static_cast<DeliveryState>(value)
             : DeliveryState::Dead;
}

Uuid uuidOfRow(int64_t key, uint64_t lo) {
  const auto bits = static_cast<uint64_t>(key);
  return Uuid{(bits >> 12) << 16 | 0x7000 | (bits & 0xfff), lo};
}

bool storable(Uuid id) {
  return id == uuidOfRow(id.orderKey(), id.lo);
}

std::string encodeHeaders(const Headers& headers) {
  size_t size = 0;
  for (const auto& [name, value] : headers) size += name.size() + value.size() + 4;
  std::string out;
  out.reserve(size);
  for (const auto& [name, value] : headers) {
    appendCounted(out, name);
    appendCounted(out, value);
  }
  return out;
}

std::optional<Headers> decodeHeaders(std::string_view bytes) {
  Headers headers;
  while (!bytes.empty()) {
    auto name = takeCounted(bytes);
    auto value = name ? takeCounted(bytes) : std::nullopt;
    if (!value) return std::nullopt;
    headers.emplace_back(*std::move(name), *std::move(value));
  }
  return headers;
}

uint32_t checksumOf(const RawRequest& request, std::string_view encoded_headers) {
  return checksumRequest(request.method, request.url, encoded_headers, request.body);
}

uint32_t checksumOf(const Event& event) {
  uint32_t crc = 0;
  for (const std::string* text : {&event.type, &event.source_event_id, &event.resource.type,
                                  &event.resource.id, &event.correlation_id, &event.actor_json,
                                  &event.metadata_json, &event.data_json, &event.payload_json}) {
    crc = crc32c(*text, crc32c("|", crc));
  }
  if (!event.rules.empty())
    crc = crc32c(event.rules, crc32c("|", crc));  // rows before it have none
  return crc;
}

const char* const kRequestColumns =
    "r.key, r.id_lo, r.tenant, r.integration, r.connector, r.received_at, r.checksum,"
    " r.dedupe_key, r.method, r.url, r.remote_ip, r.headers, r.body";

Result<RawRequestPtr> readRequest(const Statement& row, int first, const NameTable& names) {
  auto request = std::make_shared<RawRequest>();
  int column = first;
  const int64_t key = row.integer(column++);
  request->id = EventId{uuidOfRow(key, row.word(column++))};
  request->tenant = nameOf(names, row.integer(column++));
  request->integration = nameOf(names, row.integer(column++));
  request->connector = nameOf(names, row.integer(column++));
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

const char* const kEventColumns =
    "e.key, e.id_lo, e.request_key, e.request_lo, e.tenant, e.integration, e.source, e.received_at,"
    " e.occurred_at, e.checksum, e.sequence, e.hops, e.stale, e.type, e.source_event_id,"
    " e.resource_type, e.resource_id, e.correlation_id, e.actor, e.metadata, e.data, e.payload,"
    " e.rules";

Result<Event> readEvent(const Statement& row, int first, const NameTable& names) {
  Event event;
  int column = first;
  const int64_t key = row.integer(column++);
  event.id = EventId{uuidOfRow(key, row.word(column++))};
  const auto request_key = row.maybeInteger(column++);
  const uint64_t request_lo = row.word(column++);
  event.request_id = request_key ? EventId{uuidOfRow(*request_key, request_lo)} : event.id;
  event.tenant = nameOf(names, row.integer(column++));
  event.integration = nameOf(names, row.integer(column++));
  event.source = nameOf(names, row.integer(column++));
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

const char* const kDeliveryColumns =
    "d.key, d.id_lo, d.event_key, d.event_lo, d.tenant, d.integration, d.destination, d.route,"
    " d.rule_version, d.state, d.attempts, d.next_at, d.created_at, d.order_key, d.reason,"
    " d.mapping, d.body";

Delivery readDelivery(const Statement& row, int first, const NameTable& names) {
  Delivery delivery;
  int column = first;
  const int64_t key = row.integer(column++);
  delivery.id = DeliveryId{uuidOfRow(key, row.word(column++))};
  const int64_t event_key = row.integer(column++);
  delivery.event_id = EventId{uuidOfRow(event_key, row.word(column++))};
  for (std::string* name : {&delivery.tenant, &delivery.integration, &delivery.destination,
                            &delivery.route, &delivery.rule_version}) {
    *name = nameOf(names, row.integer(column++));
  }
  delivery.state = stateOf(row.integer(column++));
  delivery.attempts = static_cast<int>(row.integer(column++));
  delivery.next_at_ms = row.integer(column++);
  delivery.created_at_ms = row.integer(column++);
  delivery.order_key = row.text(column++);
  delivery.reason = row.text(column++);
  delivery.mapping = row.text(column++);
  delivery.body_json = row.text(column++);
  return delivery;
}

const char* const kStepColumns =
    "s.key, s.kind, s.target, s.digest, s.state, s.tries, s.started_at, s.ended_at, s.due_at,"
    " s.result, s.error";

StepState stepStateOf(int64_t value) {
  return value >= 0 && value <= static_cast<int64_t>(StepState::Failed)
             ? static_cast<StepState>(value)
             : StepState::Open;
}

Step readStep(const Statement& row, int first) {
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

Attempt readAttempt(const Statement& row, DeliveryId delivery_id) {
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
