#pragma once
// CallContext: what the host keeps for one call into a connector: arena, parsed documents, writers,
// deadline and the failure the connector reported. One per thread, reused call after call.
#include <junctor/junctor.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json_doc.h"
#include "base/result.h"
#include "plugin/abi_sizes.h"
#include "plugin/arena.h"
#include "plugin/checked_writer.h"
#include "plugin/ports.h"

namespace junctor::plugin {
class CallContext;
}

// The ABI's opaque writer.
struct jn_json_writer {
  junctor::plugin::CheckedWriter checked;
  junctor::plugin::CallContext* context = nullptr;
  bool in_use = false;
};

namespace junctor::plugin {

// Who is called, and about what. Views that outlive the call.
struct CallTarget {
  std::string_view connector, tenant, integration;
  std::string_view body;  // raw bytes; parse() of exactly these gives `parsed_body`
  JsonView parsed_body;   // invalid = not parsed
  const std::vector<std::string>* secrets = nullptr;  // live ones, for junctor.crypto/1 alone
  HostPorts ports{};                                  // behind a gate
  const trust::Grants* grants = nullptr;              // null = nothing is allowed
};

// What kind of call it is.
struct CallKind {
  uint32_t flags = JN_CALL_NO_IO;  // JN_CALL_*
  int64_t budget_ms = 0;           // 0 = limits::kConnectorCallMs
  std::string_view trace_parent{};
  const std::atomic<bool>* cancelled = nullptr;
  CallRecord* record = nullptr;  // null = one of the context's own
};

class CallContext {
 public:
  // This thread's context, emptied and set up for one call.
  static CallContext& begin(const CallTarget& target, const Clock& clock, const CallKind& kind);
  static CallContext& begin(const CallTarget& target, const Clock& clock, uint32_t flags) {
    return begin(target, clock, CallKind{flags});
  }
  // The connector has returned: secrets that it was given are wiped.
  void end();
  static CallContext& of(const jn_call* call) { return *static_cast<CallContext*>(call->ctx); }

  const jn_call* call() const { return &call_; }
  const CallTarget& target() const { return target_; }
  const Clock& clock() const { return *clock_; }
  bool late() const;
  // JN_OK, JN_E_DEADLINE or JN_E_CANCELLED.
  jn_status stopped() const;
  PortCall portCall() const;

  void* allocate(size_t size, size_t align) { return arena_.allocate(size, align); }
  // Copies into the arena; false if it is full.
  bool keep(std::string_view text, jn_str* out);
  // As keep(), for a secret: end() wipes it.
  bool keepSecret(std::string_view text, jn_str* out);
  // As keep(), for text that is known to be one JSON value.
  bool keepJson(std::string_view text, jn_str* out);
  bool knownJson(std::string_view text) const;

  jn_status parse(std::string_view text, JsonView& out);
  jn_json_writer* openWriter();  // nullptr: too many are open
  jn_status finishWriter(jn_json_writer& writer, jn_str* out);
  bool mayLog() { return log_lines_++ < log_lines_max_; }
  // A service refused or failed: tells the log why, gives the status.
  jn_status refuse(std::string_view service, const Error& error);

  void fail(const jn_error& error);
  // The error of a call that returned `status` below 0.
  Error errorOf(jn_status status) const;

 private:
  CallContext();
  void reset(const CallTarget& target, const Clock& clock, const CallKind& kind);

  jn_call call_{};
  CallTarget target_;
  const Clock* clock_ = nullptr;
  int64_t deadline_ns_ = 0;
  const std::atomic<bool>* cancelled_ = nullptr;
  CallRecord own_record_;
  CallRecord* record_ = nullptr;
  std::vector<jn_str> secrets_;
  Arena arena_;
  std::vector<std::unique_ptr<JsonDoc>> documents_;
  size_t documents_used_ = 0;
  std::vector<std::unique_ptr<jn_json_writer>> writers_;
  std::vector<std::string_view> known_json_;
  size_t log_lines_ = 0;
  const size_t log_lines_max_;
  std::string failure_message_;
  std::pair<jn_status, std::string> refused_;  // by a service, the last time, and why
  std::optional<std::chrono::milliseconds> failure_retry_after_;
};

ErrorCode errorCodeOf(jn_status status);
jn_status statusOf(const Error& error);

// Text of a view; nothing for a NULL pointer, whatever its length says.
inline std::string_view textOf(const jn_str& text) {
  return text.ptr ? std::string_view(text.ptr, text.len) : std::string_view();
}
inline jn_str viewOf(std::string_view text) {
  return {text.data(), text.size()};
}
// A struct that a connector passed, as this host knows it: members beyond the connector's own size
// are zero. Nothing if it is NULL or smaller than it ever was.
template <class Struct>
std::optional<Struct> known(const Struct* given) {
  if (!given || given->struct_size < kFirstSize<Struct>) return std::nullopt;
  Struct copy{};
  std::memcpy(&copy, given, std::min<size_t>(given->struct_size, sizeof copy));
  return copy;
}
// A struct for a connector to read, filled as far as the connector's own goes. False: as above.
template <class Struct>
bool give(const Struct& full, Struct* out) {
  if (!out || out->struct_size < kFirstSize<Struct>) return false;
  const uint32_t size = out->struct_size;
  std::memcpy(out, &full, std::min<size_t>(size, sizeof full));
  out->struct_size = size;
  return true;
}

// A connector's text as one clean line of bounded length, for logs and errors.
std::string oneLine(std::string_view text, size_t bytes_max);

}  // namespace junctor::plugin
