#pragma once
// The admin API over a real SQLite store, without sockets: tests call it as the HTTP server would.
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "admin/admin_api.h"
#include "admin/roles.h"
#include "base/json_value.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"

namespace junctor::testing {

// What the running server would do is recorded; what a test wants to go wrong is set.
class ScriptedServices final : public admin::Services {
 public:
  ScriptedServices();

  store::Store& store() override { return *store_; }
  vault::Vault& vault() override { return *vault_; }
  action::Desk& desk() override { return *desk_; }
  oauth::Keeper& tokens() override { return *tokens_; }
  action::Hooks& hooks() override { return *hooks_; }
  int64_t secretLastUsedMs(const std::string&, const std::string&) const override { return 0; }
  flow::Replayer& replays() override { return *replays_; }
  void secretsChanged() override { note("secrets changed"); }
  observe::Metrics& metrics() override { return metrics_; }
  const Clock& clock() const override { return clock_; }
  CatalogPtr catalog() const override { return catalog_; }
  const plugin::Registry& connectors() const override { return *registry_; }
  admin::SystemInfo system() const override;
  std::vector<admin::Check> readiness() const override { return checks; }
  std::string integrationProblem(const std::string&) const override { return problem; }
  quota::Usage usage(const std::string&) const override { return {{490'000, 7, 9}, {}, "", 0}; }
  admin::LedgerHealth ledgerHealth(const std::string&) const override { return {imbalance, 0}; }
  admin::DestinationHealth destinationHealth(const std::string& tenant,
                                             const std::string& name) const override {
    return {problem, paused.contains(tenant + "/" + name) ? "paused" : "flowing", 3, 64};
  }
  Result<void> setDestinationPaused(const std::string& tenant, const std::string& name,
                                    bool pause) override {
    if (pause) {
      paused.insert(tenant + "/" + name);
    } else {
      paused.erase(tenant + "/" + name);
    }
    return {};
  }
  std::vector<std::string> reloadConnectors() override { return registry_->rescan(); }
  Result<void> releaseConnector(const std::string& id) override {
    return notFound("no version of connector '" + id + "' is quarantined");
  }
  Result<admin::ApplyReport> apply(std::vector<Tenant> tenants, bool dry_run) override;
  Result<admin::ApplyReport> edit(const std::string& tenant, const admin::TenantChange& change,
                                  bool dry_run) override;
  script::RuleHost& ruleChecks() override { return script::localRules(); }
  Result<void> releaseRules(const std::string& tenant) override {
    return notFound("no rules of tenant '" + tenant + "' are quarantined");
  }
  script::RulesetPtr rulesOf(const std::string&) const override { return rules; }
  mapping::BookPtr shippedMappings() const override { return mappings; }
  flow::ShadowReport shadowReport(const std::string&) const override { return shadow; }
  Result<std::vector<DeliveryId>> replayEvent(const std::string& tenant, EventId id) override;
  Result<void> retryDelivery(const std::string& tenant, DeliveryId id) override;
  Result<void> discardDelivery(const std::string& tenant, DeliveryId id,
                               const std::string& reason) override;

  // Calls of replayEvent() wait until open().
  void shut();
  void open();
  size_t waiting();

  std::string public_address = "127.0.0.1:8080";
  std::vector<admin::Check> checks = {{"store", true, ""}};
  std::string problem, imbalance;
  std::set<std::string> paused;  // "tenant/name"  // of every integration and destination
  admin::ApplyReport report;
  std::vector<std::string> done;  // "apply acme", "retry dlv_…", …
  std::vector<Tenant> applied;
  script::RulesetPtr rules;
  mapping::BookPtr mappings;
  flow::ShadowReport shadow;

  TempFolder folder;
  ManualClock clock_;

 private:
  void note(const std::string& what);

  observe::Metrics metrics_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<plugin::Registry> registry_;
  std::unique_ptr<action::Desk> desk_;
  std::unique_ptr<oauth::Keeper> tokens_;
  std::unique_ptr<action::Hooks> hooks_;
  std::unique_ptr<IdSource> replay_ids_;
  std::unique_ptr<flow::Replayer> replays_;  // not started: what it is asked for stays under way
  CatalogPtr catalog_;
  std::mutex mutex_;
  std::condition_variable gate_;
  bool shut_ = false;   // guarded by mutex_
  size_t waiting_ = 0;  // guarded by mutex_
};

class AdminServer {
 public:
  AdminServer();

  // Stores a request that no worker has looked at yet.
  RawRequestPtr receive(const std::string& tenant);
  // Stores `count` requests with one event and one delivery each; the events' ids, oldest first.
  std::vector<EventId> store(const std::string& tenant, int count,
                             DeliveryState state = DeliveryState::Dead,
                             const std::string& type = "push");
  // A token of that role; tenant "" = all.
  std::string token(admin::Role role, const std::string& tenant = "");

  net::HttpResponse call(const std::string& method, const std::string& target,
                         const std::string& token, const std::string& body = "",
                         Headers headers = {{"Content-Type", "application/json"}});
  net::HttpResponse get(const std::string& target) { return call("GET", target, local()); }
  net::HttpResponse post(const std::string& target, const std::string& body = "") {
    return call("POST", target, local(), body);
  }
  // Starts a call and leaves it; answered() counts those that have an answer.
  void start(const std::string& method, const std::string& target);
  std::vector<int> answered();

  std::string local() const { return api_->localToken(); }
  std::vector<std::string> deliveries(const std::string& tenant);

  ScriptedServices services;

 private:
  net::HttpRequest request(const std::string& method, const std::string& target,
                           const std::string& token, const std::string& body, Headers headers);

  IdSource ids_;
  std::mutex mutex_;
  std::vector<int> answered_;  // guarded by mutex_
  std::unique_ptr<admin::AdminApi> api_;
};

Json parsed(const net::HttpResponse& response);
std::string header(const net::HttpResponse& response, const std::string& name);

}  // namespace junctor::testing
