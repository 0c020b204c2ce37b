#pragma once
// Ports: what the host's services need of the world, as pure interfaces. This room turns them into
// the tables of junctor.http/1, kv/1, secrets/1 and metrics/1; core/app binds them to the network,
// the store and the vault; in a runner child they go over the wire to the parent.
//
// Every function blocks its caller (a worker thread inside a connector call), is called from any
// thread, and gives up at `call.deadline_ns` or soon after *call.cancelled is set. Errors become
// statuses of the ABI; their messages reach the connector's log and error, so they hold no secret.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "plugin/calls.h"

namespace junctor::trust {
class Grants;
}

namespace junctor::plugin {

// Who asks, in which call. Views that outlive the call.
struct PortCall {
  std::string_view connector, tenant, integration;
  bool no_io = false;       // CPU only: nothing but metrics
  bool dry_run = false;     // nothing may be sent or written
  int64_t deadline_ns = 0;  // on Clock::monotonicNs()
  const std::atomic<bool>* cancelled = nullptr;
  CallRecord* record = nullptr;
  const trust::Grants* grants = nullptr;  // what the gate enforces; null = nothing is allowed
};

struct HttpSend {
  std::string method, url;
  Headers headers;
  std::string body;
  std::string credential;       // name in the manifest; "" = none
  std::string idempotency_key;  // "" = none
  bool idempotent = false;      // may be repeated, whatever became of it
  int64_t timeout_ms = 0;       // set by the gate, never 0
  size_t answer_bytes_max = 0;  // set by the gate, never 0
};
struct HttpAnswer {
  int status = 0;
  Headers headers;
  std::string body;
};
class HttpPort {
 public:
  virtual ~HttpPort() = default;
  // The whole answer, whatever its status. Adds the credential. Unauthenticated: there is no such
  // credential, or it cannot be used now. Else as net::HttpClient.
  virtual Result<HttpAnswer> send(const PortCall& call, const HttpSend& request) = 0;
};

struct KvEntry {
  std::string value;
  uint64_t version = 0;       // never 0
  int64_t expires_at_ms = 0;  // 0 = never
};
struct KvWrite {
  std::string key, value;
  std::optional<uint64_t> if_version;  // 0 = only if there is none
  int64_t ttl_ms = 0;                  // 0 = for ever
  int64_t quota_bytes = 0;             // of the connector in this integration, set by the gate
};
class KvPort {
 public:
  virtual ~KvPort() = default;
  // NotFound
  virtual Result<KvEntry> get(const PortCall& call, const std::string& key) = 0;
  // The new version, durable. AlreadyExists: another version by now. ResourceExhausted: the quota.
  virtual Result<uint64_t> put(const PortCall& call, const KvWrite& write) = 0;
  virtual Result<void> remove(const PortCall& call, const std::string& key) = 0;
  // In byte order, keys after `after` only.
  virtual Result<std::vector<std::pair<std::string, std::string>>> list(const PortCall& call,
                                                                        const std::string& prefix,
                                                                        const std::string& after,
                                                                        size_t limit) = 0;
};

class SecretsPort {
 public:
  virtual ~SecretsPort() = default;
  // Audited. NotFound: the integration has none of that name.
  virtual Result<std::string> get(const PortCall& call, const std::string& name) = 0;
};

class MetricsPort {
 public:
  virtual ~MetricsPort() = default;
  using Labels = std::vector<std::pair<std::string, std::string>>;
  // ResourceExhausted: too many names and label sets of this connector.
  virtual Result<void> count(const PortCall& call, const std::string& name, const Labels& labels,
                             uint64_t n) = 0;
  virtual Result<void> observeUs(const PortCall& call, const std::string& name,
                                 const Labels& labels, uint64_t us) = 0;
};

// The live secrets of the call, which a runner child never sees: it hands over the bytes instead.
// Bound there alone; elsewhere the secrets are at hand.
class CryptoPort {
 public:
  virtual ~CryptoPort() = default;
  // Is `tag` the MAC of the message under any of them? Unimplemented: unknown algorithm (JN_ALG_*).
  virtual Result<bool> macMatches(const PortCall& call, uint32_t alg, const std::string& message,
                                  std::string_view tag) = 0;
};

// What the host binds. A port that is missing answers JN_E_UNSUPPORTED. Whoever makes the registry
// owns the ports; they outlive it.
struct HostPorts {
  HttpPort* http = nullptr;
  KvPort* kv = nullptr;
  SecretsPort* secrets = nullptr;
  MetricsPort* metrics = nullptr;
  CryptoPort* crypto = nullptr;
};

}  // namespace junctor::plugin
