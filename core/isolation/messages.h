#pragma once
// What the frames say. Packing and reading are side by side, so that they cannot drift.
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "isolation/lockdown.h"
#include "isolation/packing.h"
#include "isolation/wire.h"
#include "model/catalog.h"
#include "model/event.h"
#include "plugin/connector.h"
#include "plugin/result_intake.h"
#include "trust/grants.h"

namespace junctor::isolation {

// One instance as the child has to make it, and what it may ask for there.
struct InstanceSpec {
  uint64_t id = 0;
  std::string tenant, integration, settings_json;
  trust::Grants grants;  // stays here
};

enum class Method : uint8_t {
  Handle = 1,
  Answer,
  Verify,
  Execute,
  ListFields,
  Subscribe,
  Unsubscribe,
  Renew,
  ListHooks,
  Poll,
  AuthorizeParams,
  ParseToken,
  RefreshToken,
  Identify,
  Test,
};

// What only the parent has.
enum class Service : uint8_t {
  HttpSend = 1,
  KvGet,
  KvPut,
  KvRemove,
  KvList,
  SecretGet,
  MetricCount,
  MetricObserve,
  MacMatches,
};

struct LoadMessage {
  std::string id, version;    // as the host read them from the file
  bool threads = false;       // its language runtime has its own: Go
  uint32_t landlock_min = 0;  // run no code of it with less; with any, seccomp must be there too
  uint64_t memory_mib = 0;    // of its manifest's budget
};
std::string packLoad(const LoadMessage& message);
std::optional<LoadMessage> readLoad(std::string_view payload);

std::string packLocked(const Lockdown& lockdown);
// InvalidArgument: another build, or no such message.
Result<Lockdown> readLocked(std::string_view payload);

std::string packCreate(const InstanceSpec& spec);
std::optional<InstanceSpec> readCreate(std::string_view payload);

// Handle, Answer or Verify.
std::string packHandle(Method method, uint64_t instance, const RawRequest& request);
// `in` stands behind instance and method.
std::optional<RawRequest> readHandle(Unpacker& in);

// The other methods: options, then what the method takes.
template <class... Args>
std::string packCall(Method method, uint64_t instance, const plugin::CallOptions& options,
                     const Args&... args) {
  Packer out;
  out.u64(instance).u8(static_cast<uint8_t>(method));
  pack(out, options.dry_run);
  pack(out, options.test);
  pack(out, options.budget_ms);
  pack(out, options.trace_parent);
  (pack(out, args), ...);
  return out.take();
}
plugin::CallOptions readOptions(Unpacker& in);

// Results: an error, or what `value` packed.
std::string packError(const Error& error);

void packError(Packer& out, const Error& error);
void packWorked(Packer& out);
template <class T>
void packResult(Packer& out, const Result<T>& result) {
  if (!result) return packError(out, result.error());
  packWorked(out);
  if constexpr (!std::is_void_v<T>) pack(out, *result);
}

template <class T>
std::string packResult(const Result<T>& result) {
  Packer out;
  packResult(out, result);
  return out.take();
}

// The error of a result, as one clean line; none: it worked and `in` stands before its value. What
// is no result is an Internal error and leaves `in` not ok.
std::optional<Error> readError(Unpacker& in);
// A result with nothing behind it. Internal: that is not what it is.
template <class T>
Result<T> readResult(Unpacker& in) {
  if (auto error = readError(in)) return std::move(*error);
  if constexpr (std::is_void_v<T>) {
    if (in.done()) return {};
  } else {
    T value{};
    if (unpackAll(in, value)) return value;
  }
  return internalError("its process spoke nonsense");
}

// Results of the methods with options: what fail() said, then an error or the value.
template <class T>
std::string packOutcome(const plugin::CallRecord& record, const Result<T>& result) {
  Packer out;
  pack(out, record);
  packResult(out, result);
  return out.take();
}
// Checks the value as if a connector in this process had given it.
template <class T>
Result<T> readOutcome(std::string_view payload, const plugin::IntakeFor& who,
                      plugin::CallRecord& record) {
  Unpacker in(payload);
  plugin::CallRecord told;
  unpack(in, told);
  plugin::takeIn(told, record);
  if constexpr (std::is_void_v<T>) {
    return readResult<void>(in);
  } else {
    JUNCTOR_TRY(const T value, readResult<T>(in));
    return plugin::takeIn(who, value);
  }
}

// Questions: the service, then what it takes. Answered with a result.
template <class... Args>
std::string packAsk(Service service, const Args&... args) {
  Packer out;
  out.u8(static_cast<uint8_t>(service));
  (pack(out, args), ...);
  return out.take();
}

struct LogMessage {
  uint8_t level = 0;
  std::string text;
};
std::string packLog(const LogMessage& message);
std::optional<LogMessage> readLog(std::string_view payload);

}  // namespace junctor::isolation
