#pragma once
// Gate: stands before the ports and lets through only what this call (PortCall) and the manifest's
// capabilities (trust/grants.h) allow, within the limits of base/limits.h and before the call's
// deadline. It trusts neither the connector nor a child process: whoever owns the real ports puts
// one in front of them. Its refusals are PermissionDenied (kind of call, or not granted),
// InvalidArgument, ResourceExhausted (a size), DeadlineExceeded and Cancelled.
#include "base/clock.h"
#include "plugin/ports.h"

namespace junctor::plugin {

class HttpGate final : public HttpPort {
 public:
  HttpGate(HttpPort* next, const Clock& clock) : next_(next), clock_(clock) {}
  Result<HttpAnswer> send(const PortCall& call, const HttpSend& request) override;

 private:
  HttpPort* next_;
  const Clock& clock_;
};

class KvGate final : public KvPort {
 public:
  KvGate(KvPort* next, const Clock& clock) : next_(next), clock_(clock) {}
  Result<KvEntry> get(const PortCall& call, const std::string& key) override;
  Result<uint64_t> put(const PortCall& call, const KvWrite& write) override;
  Result<void> remove(const PortCall& call, const std::string& key) override;
  Result<std::vector<std::pair<std::string, std::string>>> list(const PortCall& call,
                                                                const std::string& prefix,
                                                                const std::string& after,
                                                                size_t limit) override;

 private:
  Result<void> mayUse(const PortCall& call, bool writes) const;
  KvPort* next_;
  const Clock& clock_;
};

class SecretsGate final : public SecretsPort {
 public:
  SecretsGate(SecretsPort* next, const Clock& clock) : next_(next), clock_(clock) {}
  Result<std::string> get(const PortCall& call, const std::string& name) override;

 private:
  SecretsPort* next_;
  const Clock& clock_;
};

class MetricsGate final : public MetricsPort {
 public:
  explicit MetricsGate(MetricsPort* next) : next_(next) {}
  Result<void> count(const PortCall& call, const std::string& name, const Labels& labels,
                     uint64_t n) override;
  Result<void> observeUs(const PortCall& call, const std::string& name, const Labels& labels,
                         uint64_t us) override;

 private:
  MetricsPort* next_;
};

// All of them. Ports that are missing answer Unimplemented.
class Gate {
 public:
  Gate(const HostPorts& ports, const Clock& clock)
      : http_(ports.http, clock),
        kv_(ports.kv, clock),
        secrets_(ports.secrets, clock),
        metrics_(ports.metrics),
        crypto_(ports.crypto) {}
  HostPorts ports() { return {&http_, &kv_, &secrets_, &metrics_, crypto_}; }

 private:
  HttpGate http_;
  KvGate kv_;
  SecretsGate secrets_;
  MetricsGate metrics_;
  CryptoPort* crypto_;  // knows only what the call brings: nothing to allow
};

}  // namespace junctor::plugin
