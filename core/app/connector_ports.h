#pragma once
// The ports of connectors (plugin/ports.h) bound to the world: the guarded dialer, the store and
// the metrics of this process. What a connector may do with them is decided before, by the gate.
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "action/pacer.h"
#include "app/credentials.h"
#include "base/clock.h"
#include "net/http_client.h"
#include "observe/metrics.h"
#include "plugin/ports.h"
#include "store/store.h"
#include "vault/vault.h"

namespace junctor::app {

// Simulators that play providers on this machine: port by connector.
using Simulators = std::map<std::string, int, std::less<>>;
Simulators simulatorsOf(const std::vector<std::string>& settings);  // "github=9100"
// Turns a request to the connector's provider to its simulator, if it has one.
void simulate(const Simulators& simulators, std::string_view connector,
              net::OutboundRequest& request);

class NetworkPort final : public plugin::HttpPort {
 public:
  // `allow_private`: for tests; connectors reach no private network.
  NetworkPort(net::HttpClient& client, const Clock& clock, bool allow_private = false)
      : client_(client), clock_(clock), allow_private_(allow_private), pacer_(clock) {}
  // What an integration's requests are held to.
  struct Terms {
    RateLimit rate{};
    bool allow_private = false;
  };
  using TermsOf = std::function<Terms(const plugin::PortCall&)>;
  // Before the first send(). Without credentials a request that names one is refused.
  void use(Credentials* credentials, Simulators simulators, TermsOf terms) {
    credentials_ = credentials;
    simulators_ = std::move(simulators);
    terms_ = std::move(terms);
  }
  Result<plugin::HttpAnswer> send(const plugin::PortCall& call,
                                  const plugin::HttpSend& request) override;

 private:
  Result<net::OutboundRequest> outbound(const plugin::PortCall& call,
                                        const plugin::HttpSend& request) const;
  // With the credential on it, or to its address.
  Result<void> attach(const plugin::PortCall& call, const plugin::HttpSend& request,
                      const Credentials::Given& given, net::OutboundRequest& out) const;
  // At the provider's pace.
  Result<plugin::HttpAnswer> dispatch(const plugin::PortCall& call, net::OutboundRequest out);
  Terms termsOf(const plugin::PortCall& call) const { return terms_ ? terms_(call) : Terms(); }
  Result<plugin::HttpAnswer> exchange(const plugin::PortCall& call, net::OutboundRequest out);

  net::HttpClient& client_;
  const Clock& clock_;
  const bool allow_private_;
  Credentials* credentials_ = nullptr;
  Simulators simulators_;
  TermsOf terms_;
  action::Pacer pacer_;
};

// Values as documents of the store, one kind for each connector and integration. Written through;
// what was read stays in memory for the integrations last used.
class StoragePort final : public plugin::KvPort {
 public:
  StoragePort(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}
  Result<plugin::KvEntry> get(const plugin::PortCall& call, const std::string& key) override;
  Result<uint64_t> put(const plugin::PortCall& call, const plugin::KvWrite& write) override;
  Result<void> remove(const plugin::PortCall& call, const std::string& key) override;
  Result<std::vector<std::pair<std::string, std::string>>> list(const plugin::PortCall& call,
                                                                const std::string& prefix,
                                                                const std::string& after,
                                                                size_t limit) override;

 private:
  struct Scope {
    std::string kind;
    std::map<std::string, plugin::KvEntry> entries;
    int64_t bytes = 0;
    uint64_t newest = 0;  // version; the next is above it, also after a removal
  };
  // Those of one connector and integration; the expired are gone. The caller holds the lock.
  Result<Scope*> scopeOf(const plugin::PortCall& call);
  Result<void> drop(Scope& scope, const std::string& key);

  store::Store& store_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Scope> scopes_;  // by kind
};

// junctor_connector_<name>_total and junctor_connector_<name>_seconds, labelled with the connector.
class MetricsOfConnectors final : public plugin::MetricsPort {
 public:
  explicit MetricsOfConnectors(observe::Metrics& metrics) : metrics_(metrics) {}
  Result<void> count(const plugin::PortCall& call, const std::string& name, const Labels& labels,
                     uint64_t n) override;
  Result<void> observeUs(const plugin::PortCall& call, const std::string& name,
                         const Labels& labels, uint64_t us) override;

 private:
  // Its labels, unless the connector has too many already.
  Result<observe::Labels> admit(const plugin::PortCall& call, const std::string& name,
                                const Labels& labels);
  observe::Metrics& metrics_;
  std::mutex mutex_;
  std::map<std::string, std::set<std::string>> seen_;  // by connector
};

// Fields of the integration in the vault; the gate has asked whether the manifest names them.
class SecretsOfIntegrations final : public plugin::SecretsPort {
 public:
  explicit SecretsOfIntegrations(vault::Vault& vault) : vault_(vault) {}
  Result<std::string> get(const plugin::PortCall& call, const std::string& name) override;

 private:
  vault::Vault& vault_;
};

class ConnectorPorts {
 public:
  ConnectorPorts(net::HttpClient& client, store::Store& store, vault::Vault& vault,
                 observe::Metrics& metrics, const Clock& clock)
      : network_(client, clock), storage_(store, clock), secrets_(vault), metrics_(metrics) {}
  void use(Credentials* credentials, Simulators simulators, NetworkPort::TermsOf terms) {
    network_.use(credentials, std::move(simulators), std::move(terms));
  }
  plugin::HostPorts ports() { return {&network_, &storage_, &secrets_, &metrics_}; }

 private:
  NetworkPort network_;
  StoragePort storage_;
  SecretsOfIntegrations secrets_;
  MetricsOfConnectors metrics_;
};

}  // namespace junctor::app
