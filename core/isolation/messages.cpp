#include "isolation/messages.h"

#include "base/limits.h"

namespace junctor::isolation {
namespace {

constexpr size_t kMessageBytesMax = 512;
constexpr int64_t kRetryAfterMsMax = 24LL * 3600 * 1000;
constexpr uint8_t kWorked = 1, kFailed = 0;
constexpr size_t kRequestOverhead = 2 * 1024;  // headers, as a rule

}  // namespace

std::string packLoad(const LoadMessage& message) {
  Packer out;
  out.text(wireName()).text(message.id).text(message.version).u8(message.threads);
  out.u32(message.landlock_min).u64(message.memory_mib);
  return out.take();
}

std::optional<LoadMessage> readLoad(std::string_view payload) {
  Unpacker in(payload);
  if (in.text() != wireName()) return std::nullopt;
  LoadMessage message;
  message.id = in.string();
  message.version = in.string();
  message.threads = in.u8() != 0;
  message.landlock_min = in.u32();
  message.memory_mib = in.u64();
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

std::string packHandle(Method method, uint64_t instance, const RawRequest& request) {
  Packer out;
  out.reserve(kRequestOverhead + request.body.size());
  out.u64(instance).u8(static_cast<uint8_t>(method));
  pack(out, request);
  return out.take();
}

std::optional<RawRequest> readHandle(Unpacker& in) {
  RawRequest request;
  if (!unpackAll(in, request)) return std::nullopt;
  return request;
}

plugin::CallOptions readOptions(Unpacker& in) {
  plugin::CallOptions options;
  unpack(in, options.dry_run);
  unpack(in, options.test);
  unpack(in, options.budget_ms);
  unpack(in, options.trace_parent);
  return options;
}

void packError(Packer& out, const Error& error) {
  out.u8(kFailed).u8(static_cast<uint8_t>(error.code)).text(error.message);
  out.i64(error.retry_after ? error.retry_after->count() : -1);
}

void packWorked(Packer& out) {
  out.u8(kWorked);
}

std::string packError(const Error& error) {
  Packer out;
  packError(out, error);
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
