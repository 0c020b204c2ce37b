#include "store/row_codec.h"

#include "store/fingerprint.h"

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

}  // namespace

// A number outside its enum can only be damage: it must not index a table of names.
AttemptOutcome outcomeOf(int64_t value) {
  return value >= 0 && value < static_cast<int64_t>(AttemptOutcome::Internal)
             ? static_cast<AttemptOutcome>(value)
             : AttemptOutcome::Internal;
}

Error damaged(const std::string& id) {
  return makeError(ErrorCode::DataLoss, id + ": stored bytes are damaged (checksum)");
}

DeliveryState stateOf(int64_t value) {
  return value >= 0 && value <= static_cast<int64_t>(DeliveryState::Discarded)
             ? static_cast<DeliveryState>(value)
             : DeliveryState::Dead;
}

StepState stepStateOf(int64_t value) {
  return value >= 0 && value <= static_cast<int64_t>(StepState::Failed)
             ? static_cast<StepState>(value)
             : StepState::Open;
}

Priority priorityOf(int64_t value) {
  return value >= 0 && value < static_cast<int64_t>(kPriorities) ? static_cast<Priority>(value)
                                                                 : Priority::Normal;
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

}  // namespace junctor::store
