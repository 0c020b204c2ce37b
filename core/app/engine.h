#pragma once
// Engine: the composition root. Owns every part, wires the life of an event, starts and stops in
// order. engine.cpp is the place to see how the rooms meet.
#include <memory>
#include <string>
#include <vector>

#include "admin/services.h"
#include "app/catalog_keeper.h"
#include "app/chores.h"
#include "app/connector_home.h"
#include "app/connector_ports.h"
#include "app/ledger_watch.h"
#include "app/notices.h"
#include "app/public_front.h"
#include "app/rule_home.h"
#include "delivery/dispatcher.h"
#include "flow/flow_engine.h"
#include "flow/replayer.h"
#include "ingest/receiver.h"
#include "net/http_client.h"
#include "steps/flow_host.h"
#include "vault/vault.h"

namespace junctor::app {

class Engine final : public admin::Services {
 public:
  // Opens the store, loads connectors, compiles the stored catalog. Nothing runs yet.
  static Result<std::unique_ptr<Engine>> open(const config::ServerConfig& config,
                                              config::Environment environment, const Clock& clock);
  ~Engine() override;

  void start();
  // Stops taking work, waits for what is in flight, makes everything queued durable.
  void stop(int64_t deadline_ms);

  net::HttpHandler& front() { return *front_; }
  // The addresses as bound, for /v1/system.
  void setAddresses(std::string public_address, std::string admin_address);

  store::Store& store() override { return *store_; }
  vault::Vault& vault() override { return *vault_; }
  observe::Metrics& metrics() override { return metrics_; }
  const Clock& clock() const override { return clock_; }
  CatalogPtr catalog() const override { return keeper_->current(); }
  const plugin::Registry& connectors() const override { return home_->registry(); }
  admin::SystemInfo system() const override { return system_; }
  std::vector<admin::Check> readiness() const override;
  std::string integrationProblem(const std::string& id) const override {
    const std::string closed = receiver_->problemOf(id);
    const auto trouble = flow_->failing().find(id);
    if (!closed.empty() || !trouble) return closed;
    return "in error since " + formatRfc3339(trouble->since_ms) + ": " + trouble->reason;
  }
  admin::LedgerHealth ledgerHealth(const std::string& tenant) const override {
    LedgerWatch::State state = ledger_->state(tenant);
    return {std::move(state.problem), state.checked_at_ms};
  }
  admin::DestinationHealth destinationHealth(const std::string& tenant,
                                             const std::string& name) const override;
  Result<void> setDestinationPaused(const std::string& tenant, const std::string& name,
                                    bool paused) override {
    return dispatcher_->setPaused(tenant, name, paused);
  }
  quota::Usage usage(const std::string& tenant) const override { return quotas_->usage(tenant); }
  flow::Replayer& replays() override { return *replayer_; }
  action::Desk& desk() override { return *desk_; }
  oauth::Keeper& tokens() override { return *tokens_; }
  action::Hooks& hooks() override { return *hooks_; }
  int64_t secretLastUsedMs(const std::string& integration, const std::string& ref) const override {
    return secret_uses_.lastUsed({integration, ref});
  }
  void secretsChanged() override { keeper_->announce(); }
  std::vector<std::string> reloadConnectors() override;
  Result<void> releaseConnector(const std::string& id) override;
  Result<admin::ApplyReport> apply(std::vector<Tenant> tenants, bool dry_run) override;
  Result<admin::ApplyReport> edit(const std::string& tenant, const admin::TenantChange& change,
                                  bool dry_run) override;
  script::RulesetPtr rulesOf(const std::string& tenant) const override;
  script::RuleHost& ruleChecks() override { return rules_->checks(); }
  Result<void> releaseRules(const std::string& tenant) override { return rules_->release(tenant); }
  mapping::BookPtr shippedMappings() const override { return shipped_; }
  flow::ShadowReport shadowReport(const std::string& tenant) const override {
    return flow_->shadowReport(tenant);
  }
  Result<std::vector<DeliveryId>> replayEvent(const std::string& tenant, EventId id) override;
  Result<void> retryDelivery(const std::string& tenant, DeliveryId id) override;
  Result<void> discardDelivery(const std::string& tenant, DeliveryId id,
                               const std::string& reason) override;

 private:
  Engine(const config::ServerConfig& config, config::Environment environment, const Clock& clock);
  void build(const config::ServerConfig& config);
  void buildDesk(const config::ServerConfig& config);
  void buildSteps();
  Result<std::string> secretOf(const config::SecretOwner& owner, const std::string& field);
  NetworkPort::Terms termsOf(const plugin::PortCall& call) const;
  std::string webhookUrl(const Integration& integration) const;
  Result<mapping::Mapping> mappingOf(const std::string& tenant, const std::string& connector,
                                     const std::string& object) const;
  void adopt(const CatalogPtr& catalog);
  void addGauges();
  void watchOthers();
  void restoreSecretUses();
  void keepSecretUses();
  void loadUsage();
  void saveUsage();
  Result<void> setState(DeliveryId id, DeliveryState state, std::string reason);
  // With the planner of the calling thread, or null for one of its own. `done` on any thread.
  void runAgain(const Delivery& dead, flow::Planner* planner, store::Done done);

  const Clock& clock_;
  const config::Environment environment_;
  const config::SecretSource secrets_;
  std::string public_url_;  // as configured, or as bound
  admin::SystemInfo system_;
  observe::Metrics metrics_;
  IdSource ids_;
  mapping::BookPtr shipped_;
  // Built bottom-up, destroyed top-down.
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<net::HttpClient> client_;
  std::unique_ptr<RuleHome> rules_;
  std::unique_ptr<ConnectorPorts> ports_;
  std::unique_ptr<ConnectorHome> home_;
  std::unique_ptr<oauth::Keeper> tokens_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<action::Desk> desk_;
  std::unique_ptr<action::Hooks> hooks_;
  std::unique_ptr<delivery::Dispatcher> dispatcher_;
  std::unique_ptr<flow::FlowEngine> flow_;
  std::unique_ptr<steps::FlowHost> steps_;
  ingest::SecretUses secret_uses_;
  std::unique_ptr<Chores> chores_;
  std::unique_ptr<quota::Keeper> quotas_;
  std::unique_ptr<LedgerWatch> ledger_;
  std::unique_ptr<Notices> notices_;
  std::unique_ptr<flow::Planner> replays_planner_;  // of the replayer's thread
  std::unique_ptr<flow::Replayer> replayer_;
  std::unique_ptr<ingest::Receiver> receiver_;
  std::unique_ptr<PublicFront> front_;
  std::unique_ptr<CatalogKeeper> keeper_;
};

}  // namespace junctor::app
