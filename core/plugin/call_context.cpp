#include "plugin/call_context.h"

#include <fmt/core.h>
#include <string.h>  // explicit_bzero

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/log.h"

namespace junctor::plugin {
namespace {

constexpr size_t kMessageBytesMax = 512;
constexpr size_t kKnownJsonMax = 8;  // a connector hands over what it has just finished

void* allocFor(const jn_call* call, size_t size, size_t align) {
  return call ? CallContext::of(call).allocate(size, align) : nullptr;
}

int32_t cancelledFor(const jn_call* call) {
  return call && CallContext::of(call).late() ? 1 : 0;
}

jn_status failFor(const jn_call* call, const jn_error* given) {
  const auto error = known(given);
  if (!call || !error) return JN_E_INTERNAL;
  CallContext::of(call).fail(*error);
  return error->status < 0 ? error->status : JN_E_INTERNAL;
}

}  // namespace

ErrorCode errorCodeOf(jn_status status) {
  switch (status) {
    case JN_E_INVALID:
    case JN_E_TOO_LARGE:
      return ErrorCode::InvalidArgument;
    case JN_E_UNSUPPORTED:
      return ErrorCode::Unimplemented;
    case JN_E_SIGNATURE:
    case JN_E_AUTH:
      return ErrorCode::Unauthenticated;
    case JN_E_FORBIDDEN:
    case JN_E_DENIED:
      return ErrorCode::PermissionDenied;
    case JN_E_NOT_FOUND:
      return ErrorCode::NotFound;
    case JN_E_CONFLICT:
      return ErrorCode::AlreadyExists;
    case JN_E_RATE_LIMITED:
      return ErrorCode::ResourceExhausted;
    case JN_E_UNAVAILABLE:
      return ErrorCode::Unavailable;
    case JN_E_DEADLINE:
      return ErrorCode::DeadlineExceeded;
    case JN_E_CANCELLED:
      return ErrorCode::Cancelled;
    default:
      return ErrorCode::Internal;
  }
}

jn_status statusOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::InvalidArgument:
      return JN_E_INVALID;
    case ErrorCode::NotFound:
      return JN_E_NOT_FOUND;
    case ErrorCode::AlreadyExists:
      return JN_E_CONFLICT;
    case ErrorCode::PermissionDenied:
      return JN_E_DENIED;
    case ErrorCode::Unauthenticated:
      return JN_E_AUTH;
    case ErrorCode::ResourceExhausted:  // a rate names its pause, a size has none
      return error.retry_after ? JN_E_RATE_LIMITED : JN_E_TOO_LARGE;
    case ErrorCode::Unavailable:
    case ErrorCode::DataLoss:
      return JN_E_UNAVAILABLE;
    case ErrorCode::DeadlineExceeded:
      return JN_E_DEADLINE;
    case ErrorCode::Cancelled:
      return JN_E_CANCELLED;
    case ErrorCode::Unimplemented:
      return JN_E_UNSUPPORTED;
    case ErrorCode::Internal:
      return JN_E_INTERNAL;
  }
  return JN_E_INTERNAL;
}

std::string oneLine(std::string_view text, size_t bytes_max) {
  std::string line(text.substr(0, bytes_max));
  while (!line.empty() && !validUtf8(line) && text.size() > line.size()) line.pop_back();
  if (!validUtf8(line)) return "(not UTF-8)";
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

CallContext::CallContext() : log_lines_max_(limits::kConnectorLogLinesMax) {
  call_.struct_size = sizeof(jn_call);
  call_.ctx = this;
  call_.alloc = allocFor;
  call_.cancelled = cancelledFor;
  call_.fail = failFor;
}

CallContext& CallContext::begin(const CallTarget& target, const Clock& clock,
                                const CallKind& kind) {
  thread_local std::unique_ptr<CallContext> context;
  if (!context) context.reset(new CallContext());
  context->reset(target, clock, kind);
  return *context;
}

void CallContext::reset(const CallTarget& target, const Clock& clock, const CallKind& kind) {
  end();
  target_ = target;
  clock_ = &clock;
  const int64_t budget_ms = kind.budget_ms > 0 ? kind.budget_ms : limits::kConnectorCallMs;
  deadline_ns_ = clock.monotonicNs() + budget_ms * 1'000'000;
  cancelled_ = kind.cancelled;
  own_record_ = CallRecord();
  record_ = kind.record ? kind.record : &own_record_;
  call_.flags = kind.flags;
  call_.deadline_ns = static_cast<uint64_t>(deadline_ns_);
  call_.trace_parent = viewOf(kind.trace_parent);
  call_.tenant = viewOf(target.tenant);
  call_.connection_id = viewOf(target.integration);
  arena_.clear();
  documents_used_ = 0;
  for (auto& writer : writers_) writer->in_use = false;
  known_json_.clear();
  log_lines_ = 0;
  failure_message_.clear();
  refused_ = {JN_OK, ""};
  failure_retry_after_.reset();
}

void CallContext::end() {
  for (const jn_str& secret : secrets_) {
    explicit_bzero(const_cast<char*>(secret.ptr), secret.len);  // NOLINT: the arena's own bytes
  }
  secrets_.clear();
}

bool CallContext::late() const {
  return stopped() != JN_OK;
}

jn_status CallContext::stopped() const {
  if (cancelled_ && cancelled_->load(std::memory_order_relaxed)) return JN_E_CANCELLED;
  return clock_->monotonicNs() > deadline_ns_ ? JN_E_DEADLINE : JN_OK;
}

PortCall CallContext::portCall() const {
  PortCall call;
  call.connector = target_.connector;
  call.tenant = target_.tenant;
  call.integration = target_.integration;
  call.no_io = call_.flags & JN_CALL_NO_IO;
  call.dry_run = call_.flags & JN_CALL_DRY_RUN;
  call.deadline_ns = deadline_ns_;
  call.cancelled = cancelled_;
  call.record = record_;
  call.grants = target_.grants;
  return call;
}

jn_status CallContext::refuse(std::string_view service, const Error& error) {
  const jn_status status = statusOf(error);
  refused_ = {status, oneLine(error.message, kMessageBytesMax)};
  if (status != JN_E_NOT_FOUND && status != JN_E_CONFLICT && mayLog()) {
    log::write(log::Level::Info, "connector",
               {{"connector", target_.connector},
                {"tenant", target_.tenant},
                {"integration", target_.integration}},
               fmt::format("{}: {}", service, oneLine(error.message, kMessageBytesMax)));
  }
  return status;
}

bool CallContext::keep(std::string_view text, jn_str* out) {
  const char* bytes = arena_.copy(text);
  *out = bytes ? jn_str{bytes, text.size()} : jn_str{nullptr, 0};
  return bytes != nullptr;
}

bool CallContext::keepSecret(std::string_view text, jn_str* out) {
  if (!keep(text, out)) return false;
  secrets_.push_back(*out);
  return true;
}

bool CallContext::keepJson(std::string_view text, jn_str* out) {
  if (!keep(text, out)) return false;
  if (known_json_.size() == kKnownJsonMax) known_json_.erase(known_json_.begin());
  known_json_.emplace_back(out->ptr, out->len);
  return true;
}

bool CallContext::knownJson(std::string_view text) const {
  return std::any_of(known_json_.rbegin(), known_json_.rend(), [&](std::string_view known) {
    return known.data() == text.data() && known.size() == text.size();
  });
}

jn_status CallContext::parse(std::string_view text, JsonView& out) {
  const bool is_body = text.data() == target_.body.data() && text.size() == target_.body.size();
  if (is_body && target_.parsed_body.valid()) {
    out = target_.parsed_body;
    return JN_OK;
  }
  if (const jn_status status = stopped(); status != JN_OK) return status;
  if (documents_used_ == limits::kConnectorDocumentsMax) return JN_E_TOO_LARGE;
  if (documents_used_ == documents_.size()) documents_.push_back(std::make_unique<JsonDoc>());
  auto parsed = documents_[documents_used_]->parse(text);
  if (!parsed) return JN_E_INVALID;
  ++documents_used_;
  out = *parsed;
  return JN_OK;
}

jn_json_writer* CallContext::openWriter() {
  auto free = std::find_if(writers_.begin(), writers_.end(),
                           [](const auto& writer) { return !writer->in_use; });
  if (free == writers_.end()) {
    if (writers_.size() == limits::kConnectorWritersMax) return nullptr;
    free = writers_.insert(writers_.end(), std::make_unique<jn_json_writer>());
    (*free)->context = this;
  }
  (*free)->checked.clear();
  (*free)->in_use = true;
  return free->get();
}

jn_status CallContext::finishWriter(jn_json_writer& writer, jn_str* out) {
  *out = {nullptr, 0};
  if (!writer.in_use) return JN_E_INVALID;
  writer.in_use = false;
  if (writer.checked.state() == CheckedWriter::State::TooLarge) return JN_E_TOO_LARGE;
  if (!writer.checked.finished()) return JN_E_INVALID;
  return keepJson(writer.checked.json().text(), out) ? JN_OK : JN_E_TOO_LARGE;
}

void CallContext::fail(const jn_error& error) {
  failure_message_ = oneLine(textOf(error.message), kMessageBytesMax);
  if (const std::string code = oneLine(textOf(error.code), 64); !code.empty()) {
    failure_message_ += " (" + code + ")";
  }
  record_->http_status = error.http_status < 1000 ? static_cast<int>(error.http_status) : 0;
  record_->provider_code = oneLine(textOf(error.code), 64);
  const std::string_view detail = textOf(error.detail_json);
  const bool keeps = detail.size() <= limits::kConnectorTextBytesMax && checkJson(detail);
  record_->detail_json = keeps ? std::string(detail) : std::string();
  failure_retry_after_.reset();
  if (error.retry_after_ms != 0) {
    constexpr uint64_t kDayMs = 24ULL * 3600 * 1000;
    failure_retry_after_ = std::chrono::milliseconds(std::min(error.retry_after_ms, kDayMs));
  }
}

Error CallContext::errorOf(jn_status status) const {
  const std::string_view cause =
      failure_message_.empty() ? std::string_view("no cause was given") : failure_message_;
  Error error = makeError(errorCodeOf(status), fmt::format("{}: {}", target_.connector, cause));
  // What the host refused, and the connector only passed on, says more than the connector can.
  if (status == refused_.first && record_->http_status == 0)
    error.message += ": " + refused_.second;
  error.retry_after = failure_retry_after_;
  return error;
}

}  // namespace junctor::plugin
