#pragma once
// ProbeCall: one call into a checked connector. Its memory ends at guard pages and is taken away
// when the call ends; its services can be made to fail at the n-th use.
#include <junctor/junctor.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "conformance/fixture.h"
#include "conformance/guarded.h"
#include "model/event.h"
#include "plugin/call_context.h"

namespace junctor::conformance {

struct Fault {
  enum class Kind { None, Cancelled, Deadline, AllocFails, ServiceFails };
  Kind kind = Kind::None;
  size_t at = 0;  // the n-th use, from 1; with Cancelled and Deadline: from there on
  jn_status status = JN_E_INTERNAL;
};

// What a connector asked the network for, and what it is told.
struct HttpAsked {
  std::string method, url, body, credential, idempotency_key;
  Headers headers;
  uint32_t flags = 0;
};
struct HttpTold {
  jn_status status = JN_OK;  // below 0: no answer came
  uint32_t http_status = 200;
  Headers headers{};
  std::string body{};
  uint64_t retry_after_ms = 0;
};

// The world of a call: what the played services answer.
struct World {
  std::function<HttpTold(const HttpAsked&)> http;  // none: JN_E_DENIED
  std::map<std::string, std::string> secrets;      // of junctor.secrets/1
  std::map<std::string, std::string> kv;
  std::vector<HttpAsked> asked;
};

struct CallSetup {
  uint32_t flags = JN_CALL_NO_IO;
  bool guarded = true;  // false: fast, for loops of many calls
  Fault fault;
  std::string_view body;                              // parse() of exactly these bytes is free
  const std::vector<std::string>* secrets = nullptr;  // of junctor.crypto/1
  World* world = nullptr;
  int64_t now_ms = kCheckedAtMs;
};

struct Failed {
  jn_status status = JN_E_INTERNAL;
  std::string code, message, detail_json;
  uint32_t http_status = 0;
  uint64_t retry_after_ms = 0;
};

struct CallStats {
  size_t uses = 0;         // of host functions
  size_t allocs = 0;       // of alloc alone
  size_t refused = 0;      // times a host function answered the fault's status
  size_t after_fault = 0;  // uses after the fault
  bool faulted = false;
};

class ProbeCall {
 public:
  explicit ProbeCall(const CallSetup& setup);
  ~ProbeCall();
  ProbeCall(const ProbeCall&) = delete;
  ProbeCall& operator=(const ProbeCall&) = delete;

  const jn_call* raw() const { return call_; }
  GuardedPool& pool() { return *pool_; }
  bool guarded() const { return setup_.guarded; }
  const Clock& clock() const { return clock_; }
  World* world() { return setup_.world; }
  uint32_t flags() const { return setup_.flags; }

  // The running call of this thread if it is `call`; else a breach and nullptr.
  static ProbeCall* running(const jn_call* call, const char* service);
  static ProbeCall* runningHere(const char* service);

  // Every service that answers a status asks first: JN_OK, or the status it must answer.
  jn_status gate();
  // Every other service counts as well.
  void tick() { (void)count(); }
  // As gate(), for services that give an object or NULL: a stopped call still gets its objects.
  bool gateObject() { return count() != JN_OK && !cancelled(); }
  // As gate(), for sinks, which are not told which call they belong to.
  static jn_status gateHere();
  bool cancelled() const;

  // A guarded copy of what a service has put into the arena.
  void guard(jn_str& text, const char* label);
  void guard(jn_map& map, const char* label);

  const CallStats& stats() const { return stats_; }
  const std::optional<Failed>& failed() const { return failed_; }

 private:
  static void* allocFor(const jn_call* call, size_t size, size_t align);
  static int32_t cancelledFor(const jn_call* call);
  static jn_status failFor(const jn_call* call, const jn_error* error);

  // The same for every call, so that results can be compared.
  class StillClock final : public Clock {
   public:
    explicit StillClock(int64_t now_ms) : now_ms_(now_ms) {}
    int64_t unixMs() const override { return now_ms_; }
    int64_t monotonicNs() const override { return 1'000'000'000; }

   private:
    int64_t now_ms_;
  };

  CallSetup setup_;
  StillClock clock_;
  std::unique_ptr<GuardedPool> pool_;
  const jn_call* call_ = nullptr;
  jn_call plain_{};
  plugin::CallContext* context_ = nullptr;
  jn_status count();
  CallStats stats_;
  std::optional<Failed> failed_;
};

}  // namespace junctor::conformance
