#pragma once
// Subject: a connector that is loaded into this child, and calls into it that end in values.
// The only place of this room that loads code.
#include <junctor/junctor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conformance/checked_sinks.h"
#include "conformance/fixture.h"
#include "conformance/outcome.h"
#include "conformance/probe.h"
#include "conformance/probe_call.h"
#include "conformance/session.h"

namespace junctor::conformance {

using Entry = const jn_plugin* (*)(uint32_t host_abi_minor);

// dlopen with RTLD_NOW | RTLD_LOCAL. The library stays until unload().
struct Library {
  void* handle = nullptr;
  Entry entry = nullptr;
};
Result<Library> loadLibrary(const std::string& path);
// 0 as dlclose; *still_mapped says whether the file is mapped afterwards.
int unload(const Library& library, const std::string& path, bool* still_mapped);

// Runs code of the connector; an exception that leaves it is a breach and JN_E_INTERNAL.
template <class Call>
jn_status guardThrow(const char* phase, Call&& call);
void enterPhaseOf(const char* phase);

// A request in read-only memory that ends at guard pages. Reusable by many calls.
class GuardedRequest {
 public:
  explicit GuardedRequest(const Delivery& delivery);
  ~GuardedRequest() { bury(std::move(pool_)); }
  GuardedRequest(const GuardedRequest&) = delete;
  GuardedRequest& operator=(const GuardedRequest&) = delete;
  const jn_http_in* raw() const { return in_; }
  std::string_view body() const { return {in_->body.ptr, in_->body.len}; }

 private:
  std::unique_ptr<GuardedPool> pool_;
  const jn_http_in* in_ = nullptr;
};

struct Created {
  jn_status status = JN_OK;
  jn_instance* instance = nullptr;
  std::optional<Failed> failed;
  CallStats stats;
};
struct Handled {
  jn_status status = JN_OK;
  std::vector<SeenEvent> events;
  std::optional<Failed> failed;
  size_t offered = 0;   // events it tried to give
  std::string refused;  // why the sink refused one; "" = it did not
  CallStats stats;
};

// The connector's own check of a signature.
struct VerifyHow {
  std::vector<std::string> secrets;          // live ones, of junctor.crypto/1
  std::map<std::string, std::string> named;  // of junctor.secrets/1
  int64_t now_ms = kCheckedAtMs;
};
struct Verified {
  jn_status status = JN_OK;
  std::optional<Failed> failed;
};

struct HandleHow {
  Fault fault;
  bool guarded = true;
  size_t refuse_from = 0;
  jn_status refusal = JN_E_TOO_LARGE;
};

class Subject {
 public:
  // Loads, enters and opens; the error says what refused. Keep it in one place: the connector
  // holds its host.
  static Result<std::unique_ptr<Subject>> open(Session& session, HostShape shape = {});

  const jn_plugin& plugin() const { return *plugin_; }
  const Library& library() const { return library_; }
  const jn_connector* connector() const { return connector_; }
  const jn_webhook* webhook() const { return webhook_; }
  template <class Table>
  const Table* interface(const char* id) const {
    return static_cast<const Table*>(interfaceOf(id));
  }
  const void* interfaceOf(const char* id) const;
  Session& session() { return session_; }

  Created create(std::string_view settings, const CallSetup& setup = {});
  // An instance with the fixtures' settings; nullptr if there is none.
  jn_instance* instance();
  void destroy(jn_instance* instance);
  Handled handle(jn_instance* instance, const GuardedRequest& request, const HandleHow& how = {});
  // Only with a webhook() that has verify.
  Verified verify(jn_instance* instance, const GuardedRequest& request, const VerifyHow& how);
  void close();

 private:
  explicit Subject(Session& session, HostShape shape)
      : session_(session), probe_(std::move(shape)) {}

  Session& session_;
  Probe probe_;
  Library library_;
  const jn_plugin* plugin_ = nullptr;
  const jn_connector* connector_ = nullptr;
  const jn_webhook* webhook_ = nullptr;
};

const char* statusName(jn_status status);
// "JN_E_INVALID", or "7, which is no status".
std::string statusText(jn_status status);
bool knownStatus(jn_status status);

// Opens the subject, runs `check` with it, and fails it for breaches that no check may have.
Outcome withSubject(Session& session, const std::function<Outcome(Subject&)>& check);
// As withSubject, with one instance; skips if none can be made, or there is no webhook interface.
Outcome withInstance(Session& session, const std::function<Outcome(Subject&, jn_instance*)>& check);
// Skips without fixtures; else runs `check` per delivered fixture until one does not pass.
Outcome eachFixture(Subject& subject,
                    const std::function<Outcome(const Fixture&, const GuardedRequest&)>& check);

template <class Call>
jn_status guardThrow(const char* phase, Call&& call) {
  enterPhaseOf(phase);
  jn_status status = JN_E_INTERNAL;
  try {
    status = call();
  } catch (...) {
    breach(Breach::Thrown, std::string(phase) + " let an exception out");
  }
  enterPhaseOf("");
  return status;
}

}  // namespace junctor::conformance
