#include "isolation/messages.h"

#include "base/limits.h"
#include "plugin/event_intake.h"

namespace junctor::isolation {
namespace {

constexpr size_t kMessageBytesMax = 512;
constexpr int64_t kRetryAfterMsMax = 24LL * 3600 * 1000;
constexpr uint8_t kWorked = 1, kFailed = 0;
constexpr size_t kEventBytesMin = 8 * 8 + 8 + 1 + 8;
constexpr size_t kRequestOverhead = 2 * 1024;  // headers, as a rule

jn_str viewOf(std::string_view text) {
  return {text.data(), text.size()};
}

void packEvent(Packer& out, const Event& event) {
  out.text(event.type).text(event.source_event_id);
  out.text(event.resource.type).text(event.resource.id);
  out.text(event.actor_json).text(event.data_json);
  out.text(event.payload_json).text(event.metadata_json);
  out.i64(event.occurred_at_ms).u8(event.sequence ? 1 : 0).i64(event.sequence.value_or(0));
}

// Views into the frame.
jn_event readEvent(Unpacker& in) {
  jn_event event{};
  event.struct_size = sizeof event;
  event.type = viewOf(in.text());
  event.id = viewOf(in.text());
  event.resource_type = viewOf(in.text());
  event.resource_id = viewOf(in.text());
  event.actor_json = viewOf(in.text());
  event.data_json = viewOf(in.text());
  event.payload_json = viewOf(in.text());
  event.metadata_json = viewOf(in.text());
  event.occurred_ms = in.i64();
  event.flags = in.u8() ? JN_EVENT_HAS_SEQUENCE : 0;
  event.sequence = in.i64();
  return event;
}

}  // namespace

std::string packLoad(const LoadMessage& message) {
  Packer out;
  out.text(wireName()).text(message.id).text(message.version).u8(message.threads);
  return out.take();
}

std::optional<LoadMessage> readLoad(std::string_view payload) {
  Unpacker in(payload);
  if (in.text() != wireName()) return std::nullopt;
  LoadMessage message;
  message.id = in.string();
  message.version = in.string();
  message.threads = in.u8() != 0;
  if (!in.done()) return std::nullopt;
  return message;
}

std::string packLocked(const Lockdown& lockdown) {
  Packer out;
  out.text(wireName()).u32(lockdown.landlock_abi).u8(lockdown.seccomp).u8(lockdown.own_user);
  out.u8(lockdown.memory_limit);
  return out.take();
}

Result<Lockdown> readLocked(std::string_view payload) {
  Unpacker in(payload);
  if (in.text() != wireName()) return invalidArgument("junctor-runner is of another build");
  Lockdown lockdown;
  lockdown.landlock_abi = in.u32();
  lockdown.seccomp = in.u8() != 0;
  lockdown.own_user = in.u8() != 0;
  lockdown.memory_limit = in.u8() != 0;
  if (!in.done()) return invalidArgument("junctor-runner spoke nonsense");
  return lockdown;
}

std::string packCreate(const InstanceSpec& spec) {
  Packer out;
  out.u64(spec.id).text(spec.tenant).text(spec.integration).text(spec.settings_json);
  return out.take();
}

std::optional<InstanceSpec> readCreate(std::string_view payload) {
  Unpacker in(payload);
  InstanceSpec spec;
  spec.id = in.u64();
  spec.tenant = in.string();
  spec.integration = in.string();
  spec.settings_json = in.string();
  if (!in.done()) return std::nullopt;
  return spec;
}

std::string packHandle(uint64_t instance, const RawRequest& request) {
  Packer out;
  out.reserve(kRequestOverhead + request.body.size());
  out.u64(instance).u8(static_cast<uint8_t>(Method::Handle));
  out.text(request.method).text(request.url).text(request.body).text(request.remote_ip);
  out.i64(request.received_at_ms).u64(request.headers.size());
  for (const auto& [name, value] : request.headers) out.text(name).text(value);
  return out.take();
}

std::optional<RawRequest> readHandle(Unpacker& in) {
  RawRequest request;
  request.method = in.string();
  request.url = in.string();
  request.body = in.string();
  request.remote_ip = in.string();
  request.received_at_ms = in.i64();
  request.headers.resize(in.count(16));
  for (auto& [name, value] : request.headers) {
    name = in.text();
    value = in.text();
  }
  if (!in.done()) return std::nullopt;
  return request;
}

std::string packError(const Error& error) {
  Packer out;
  out.u8(kFailed).u8(static_cast<uint8_t>(error.code)).text(error.message);
  out.i64(error.retry_after ? error.retry_after->count() : -1);
  return out.take();
}

std::string packDone() {
  Packer out;
  out.u8(kWorked);
  return out.take();
}

std::string packHandled(const plugin::HandleResult& result) {
  Packer out;
  size_t bytes = 0;
  for (const Event& event : result.events) {
    bytes += kRequestOverhead + event.data_json.size() + event.payload_json.size();
  }
  out.reserve(bytes);
  out.u8(kWorked).u64(result.events.size());
  for (const Event& event : result.events) packEvent(out, event);
  return out.take();
}

std::optional<Error> readError(Unpacker& in) {
  const uint8_t worked = in.u8();
  if (in.ok() && worked == kWorked) return std::nullopt;
  const uint8_t code = in.u8();
  const std::string_view message = in.text();
  const int64_t retry_after = in.i64();
  if (!in.done() || worked != kFailed || code > static_cast<uint8_t>(ErrorCode::Internal)) {
    return internalError("the connector's process spoke nonsense");
  }
  Error error = makeError(static_cast<ErrorCode>(code), plugin::oneLine(message, kMessageBytesMax));
  if (retry_after >= 0) {
    error.retry_after = std::chrono::milliseconds(std::min(retry_after, kRetryAfterMsMax));
  }
  return error;
}

Result<plugin::HandleResult> readHandled(std::string_view payload, const std::string& connector,
                                         const Clock& clock) {
  Unpacker in(payload);
  if (auto error = readError(in)) return std::move(*error);
  plugin::EventIntake events(connector, clock);
  const size_t count = in.count(kEventBytesMin);
  for (size_t i = 0; i < count && in.ok(); ++i) {
    const jn_event event = readEvent(in);
    if (!in.ok() || !events.add(event)) break;
  }
  if (!in.ok()) return internalError("its process spoke nonsense");
  return std::move(events).finish();
}

std::string packLog(const LogMessage& message) {
  Packer out;
  out.u8(message.level).text(message.text);
  return out.take();
}

std::optional<LogMessage> readLog(std::string_view payload) {
  Unpacker in(payload);
  LogMessage message;
  message.level = in.u8();
  message.text = plugin::oneLine(in.text(), limits::kConnectorLogBytesMax);
  if (!in.done() || message.level > 3) return std::nullopt;
  return message;
}

}  // namespace junctor::isolation
