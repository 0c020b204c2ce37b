#pragma once
// Hooks: webhooks registered at providers through their API: made, taken away, renewed before they
// end. What is registered is a document of the store; the secret that signs is the vault's field
// `webhook` of the integration, made up here or given by the provider.
//
// Thread-safe; every function blocks, up to limits::kConnectorActionMs for each call of a provider.
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "action/place.h"
#include "action/verdict.h"
#include "base/clock.h"
#include "base/json.h"
#include "model/catalog.h"
#include "plugin/connector.h"
#include "store/store.h"
#include "vault/vault.h"

namespace junctor::action {

struct HookDeps {
  store::Store& store;
  vault::Vault& vault;
  const plugin::Registry& registry;
  std::function<CatalogPtr()> catalog;
  std::function<std::string(const Integration&)> webhook_url;
  std::function<void()> secrets_changed;
  const Clock& clock;
};

// What is known of an integration's registration.
struct Registration {
  std::string tenant, integration, id, url, events_json = "[]";
  int64_t renewed_at_ms = 0, expires_at_ms = 0;  // 0 = never
  int64_t retry_at_ms = 0;                       // after a renewal that failed
  std::string problem;                           // why, in words; "" = none
};

class Hooks {
 public:
  explicit Hooks(HookDeps deps) : deps_(std::move(deps)) {}

  // One at the provider, whatever was there before. Empty events: the connector's usual ones.
  Answer subscribe(const std::string& tenant, const std::string& integration,
                   const std::vector<std::string>& events);
  Answer unsubscribe(const std::string& tenant, const std::string& integration);
  std::optional<Registration> find(const std::string& integration) const;
  // Renews what ends soon: when two thirds of its time are over, and after a failure every minute.
  // Of one that the provider knows no more another is made.
  void renewDue();
  // Calls under way end soon.
  void stop() { stopping_.store(true); }

 private:
  Result<Place> placeOf(const std::string& tenant, const std::string& integration) const;
  Result<plugin::Hook> ask(const Place& place, const std::string& events_json,
                           plugin::CallRecord& record);
  Result<void> setSecret(const vault::SecretName& name, const std::string& secret);
  Result<void> keep(const Registration& registration);
  void renew(Registration registration);
  void failed(Registration registration, const Error& error);
  plugin::CallOptions options(plugin::CallRecord* record) const;

  const HookDeps deps_;
  std::atomic<bool> stopping_{false};
  std::mutex one_at_a_time_;
};

// When a registration is to be renewed; 0 = never.
int64_t renewalDueMs(const Registration& registration);
std::string registrationJson(const Registration& registration);

}  // namespace junctor::action
