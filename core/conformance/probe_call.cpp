#include "conformance/probe_call.h"

#include <cstring>

#include "base/bytes.h"
#include "conformance/probe.h"

namespace junctor::conformance {
namespace {

constexpr uint64_t kCallNs = 250'000'000;
thread_local ProbeCall* t_running = nullptr;

}  // namespace

ProbeCall::ProbeCall(const CallSetup& setup) : setup_(setup), clock_(setup.now_ms) {
  plugin::CallTarget target;
  target.connector = "checked";
  target.tenant = "acme";
  target.integration = "acme-1";
  target.body = setup.body;
  target.secrets = setup.secrets;
  context_ = &plugin::CallContext::begin(target, clock_, setup.flags);
  plain_ = *context_->call();
  plain_.alloc = allocFor;
  plain_.cancelled = cancelledFor;
  plain_.fail = failFor;
  const auto now = static_cast<uint64_t>(clock_.monotonicNs());
  plain_.deadline_ns = setup.fault.kind == Fault::Kind::Deadline ? now - 1 : now + kCallNs;
  if (setup_.guarded) {
    pool_ = std::make_unique<GuardedPool>();
    plain_.tenant.ptr = pool_->putText("acme", "the tenant");
    plain_.connection_id.ptr = pool_->putText("acme-1", "the connection id");
    call_ = pool_->putObject(plain_, "jn_call");
  } else {
    call_ = &plain_;
  }
  t_running = this;
}

ProbeCall::~ProbeCall() {
  t_running = nullptr;
  if (pool_) bury(std::move(pool_));
}

ProbeCall* ProbeCall::running(const jn_call* call, const char* service) {
  ProbeCall* here = runningHere(service);
  if (!here || here->call_ == call) return here;
  breach(Breach::Stale, std::string(service) + " was given a call that is not the running one");
  return nullptr;
}

ProbeCall* ProbeCall::runningHere(const char* service) {
  if (t_running) return t_running;
  breach(Breach::Stale,
         std::string(service) + " was used while no call was running on that thread");
  return nullptr;
}

jn_status ProbeCall::gate() {
  const jn_status status = count();
  if (status != JN_OK) ++stats_.refused;
  return status;
}

jn_status ProbeCall::gateHere() {
  return t_running ? t_running->gate() : JN_OK;
}

jn_status ProbeCall::count() {
  ++stats_.uses;
  if (stats_.faulted) ++stats_.after_fault;
  switch (setup_.fault.kind) {
    case Fault::Kind::None:
    case Fault::Kind::AllocFails:
      return JN_OK;
    case Fault::Kind::ServiceFails:
      if (stats_.uses != setup_.fault.at) return JN_OK;
      stats_.faulted = true;
      return setup_.fault.status;
    case Fault::Kind::Cancelled:
      if (stats_.uses < setup_.fault.at) return JN_OK;
      stats_.faulted = true;
      return JN_E_CANCELLED;
    case Fault::Kind::Deadline:
      stats_.faulted = true;
      return JN_E_DEADLINE;
  }
  return JN_OK;
}

bool ProbeCall::cancelled() const {
  return setup_.fault.kind == Fault::Kind::Deadline ||
         (setup_.fault.kind == Fault::Kind::Cancelled && stats_.faulted);
}

void ProbeCall::guard(jn_str& text, const char* label) {
  if (setup_.guarded && text.ptr) text.ptr = pool_->putText({text.ptr, text.len}, label);
}

void ProbeCall::guard(jn_map& map, const char* label) {
  if (!setup_.guarded || !map.items) return;
  std::vector<jn_kv> items(map.items, map.items + map.len);
  for (jn_kv& item : items) {
    guard(item.key, label);
    guard(item.val, label);
  }
  map.items = static_cast<const jn_kv*>(
      pool_->put(items.data(), items.size() * sizeof(jn_kv), alignof(jn_kv), label));
}

void* ProbeCall::allocFor(const jn_call* call, size_t size, size_t align) {
  ProbeCall* self = running(call, "alloc");
  if (!self) return nullptr;
  self->tick();
  ++self->stats_.allocs;
  const Fault& fault = self->setup_.fault;
  if (fault.kind == Fault::Kind::AllocFails && self->stats_.allocs >= fault.at) {
    self->stats_.faulted = true;
    return nullptr;
  }
  if (self->setup_.guarded && align != 0) {
    if (void* block = self->pool_->writable(size, align, "memory from alloc")) return block;
  }
  void* block = self->context_->allocate(size, align);
  if (block) std::memset(block, kPoison, size);
  return block;
}

int32_t ProbeCall::cancelledFor(const jn_call* call) {
  ProbeCall* self = running(call, "cancelled");
  if (!self) return 1;
  self->tick();
  return self->cancelled() ? 1 : 0;
}

jn_status ProbeCall::failFor(const jn_call* call, const jn_error* error) {
  ProbeCall* self = running(call, "fail");
  if (!self) return JN_E_INTERNAL;
  const auto given = structFrom(error, sizeof(jn_error), "the jn_error given to fail");
  if (!given) return JN_E_INTERNAL;
  Failed failed;
  failed.status = given->status;
  failed.http_status = given->http_status;
  failed.retry_after_ms = given->retry_after_ms;
  failed.code = textFrom(given->code, "the error's code");
  failed.message = textFrom(given->message, "the error's message");
  failed.detail_json = textFrom(given->detail_json, "the error's detail_json");
  if (given->status >= 0) breach(Breach::Status, "fail was called with a status that is no error");
  if (!validUtf8(failed.message) || !validUtf8(failed.code)) {
    breach(Breach::Status, "an error's message or code is not UTF-8");
  }
  self->failed_ = std::move(failed);
  return given->status < 0 ? given->status : JN_E_INTERNAL;
}

}  // namespace junctor::conformance
