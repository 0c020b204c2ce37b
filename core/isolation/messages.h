#pragma once
// What the frames say. Packing and reading are side by side, so that they cannot drift.
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "isolation/lockdown.h"
#include "isolation/wire.h"
#include "model/catalog.h"
#include "model/event.h"
#include "plugin/connector.h"

namespace junctor::isolation {

// One instance as the child has to make it.
struct InstanceSpec {
  uint64_t id = 0;
  std::string tenant, integration, settings_json;
};

enum class Method : uint8_t { Handle = 1 };

struct LoadMessage {
  std::string id, version;  // as the host read them from the file
  bool threads = false;     // its language runtime has its own: Go
};
std::string packLoad(const LoadMessage& message);
std::optional<LoadMessage> readLoad(std::string_view payload);

std::string packLocked(const Lockdown& lockdown);
// InvalidArgument: another build, or no such message.
Result<Lockdown> readLocked(std::string_view payload);

std::string packCreate(const InstanceSpec& spec);
std::optional<InstanceSpec> readCreate(std::string_view payload);

std::string packHandle(uint64_t instance, const RawRequest& request);
// `in` stands behind instance and method.
std::optional<RawRequest> readHandle(Unpacker& in);

// Results: an error, or what `value` packed.
std::string packError(const Error& error);
std::string packDone();
std::string packHandled(const plugin::HandleResult& result);

// The error of a result, as one clean line; none: it worked and `in` stands before its value. What
// is no result is an Internal error and leaves `in` not ok.
std::optional<Error> readError(Unpacker& in);
// Checks every event as if a connector in this process had emitted it.
Result<plugin::HandleResult> readHandled(std::string_view payload, const std::string& connector,
                                         const Clock& clock);

struct LogMessage {
  uint8_t level = 0;
  std::string text;
};
std::string packLog(const LogMessage& message);
std::optional<LogMessage> readLog(std::string_view payload);

}  // namespace junctor::isolation
