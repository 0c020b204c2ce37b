#pragma once
// Services: what the admin API needs of the running server. Declared here, filled by app, so that
// admin stays below the composition.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "action/desk.h"
#include "action/hooks.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "flow/shadow_board.h"
#include "model/catalog.h"
#include "oauth/keeper.h"
#include "observe/metrics.h"
#include "plugin/connector.h"
#include "quota/quotas.h"
#include "flow/replayer.h"
#include "flow/shadow_board.h"
#include "script/rules.h"
#include "store/store.h"
#include "vault/vault.h"

namespace junctor::admin {

struct ApplyReport {
  std::vector<std::string> changes;   // "demo: integration github added"
  std::vector<std::string> problems;  // not empty: nothing was changed
};

struct Check {
  std::string name;  // "store", "connectors", …
  bool ok = false;
  std::string detail;  // cause in words
};

struct SystemInfo {
  std::string version;
  std::string public_address;  // host:port; with TLS https://host:port
  std::string admin_address, data_dir, store;
  int64_t started_at_ms = 0;
};

struct DestinationHealth {
  std::string problem;     // why its deliveries wait, in words; "" = they do not
  std::string state;       // flowing throttled open probing paused
  size_t in_flight = 0;    // deliveries being sent now
  size_t concurrency = 0;  // at once, as the receiver's answers allow now
};

struct LedgerHealth {
  std::string problem;        // what does not balance, in words
  int64_t checked_at_ms = 0;  // against the rows; 0 = not yet
};

using TenantChange = std::function<Result<void>(Tenant&)>;

class Services {
 public:
  virtual ~Services() = default;

  virtual store::Store& store() = 0;
  virtual vault::Vault& vault() = 0;
  virtual observe::Metrics& metrics() = 0;
  virtual const Clock& clock() const = 0;
  virtual CatalogPtr catalog() const = 0;
  virtual const plugin::Registry& connectors() const = 0;
  virtual SystemInfo system() const = 0;
  virtual action::Desk& desk() = 0;
  virtual oauth::Keeper& tokens() = 0;
  virtual action::Hooks& hooks() = 0;
  // When a webhook secret last verified a request, Unix ms; 0 = never, as far as is known.
  virtual int64_t secretLastUsedMs(const std::string& integration,
                                   const std::string& ref) const = 0;
  virtual flow::Replayer& replays() = 0;
  virtual std::vector<Check> readiness() const = 0;  // ready = all ok; must not block
  // Why an integration answers 503 or is in error; "" = nothing is wrong.
  virtual std::string integrationProblem(const std::string& id) const = 0;
  virtual quota::Usage usage(const std::string& tenant) const = 0;
  virtual LedgerHealth ledgerHealth(const std::string& tenant) const = 0;
  virtual DestinationHealth destinationHealth(const std::string& tenant,
                                              const std::string& name) const = 0;

  // The following may block on the store: call them from a worker thread.

  // Whatever refers to the vault is compiled again.
  virtual void secretsChanged() = 0;
  // Holds a destination's deliveries back, or lets them go on; kept over a restart.
  virtual Result<void> setDestinationPaused(const std::string& tenant, const std::string& name,
                                            bool paused) = 0;
  // Looks for new, changed and removed connectors; says what changed, in words.
  virtual std::vector<std::string> reloadConnectors() = 0;
  // Lets a quarantined connector run again. NotFound: it is not quarantined.
  virtual Result<void> releaseConnector(const std::string& id) = 0;
  // Replaces the given tenants, all or nothing.
  virtual Result<ApplyReport> apply(std::vector<Tenant> tenants, bool dry_run) = 0;
  // Changes one tenant, judged as apply() judges. What `change` refuses is the result.
  virtual Result<ApplyReport> edit(const std::string& tenant, const TenantChange& change,
                                   bool dry_run) = 0;
  // The tenant's compiled rules; null if they do not compile.
  virtual script::RulesetPtr rulesOf(const std::string& tenant) const = 0;
  // Where rules are compiled, tested and tried that are not live; it runs live ones, too.
  virtual script::RuleHost& ruleChecks() = 0;
  // Lets the quarantined rules of a tenant run again. NotFound: none are quarantined.
  virtual Result<void> releaseRules(const std::string& tenant) = 0;
  virtual mapping::BookPtr shippedMappings() const = 0;
  virtual flow::ShadowReport shadowReport(const std::string& tenant) const = 0;
  // New deliveries for a stored event through today's rules.
  virtual Result<std::vector<DeliveryId>> replayEvent(const std::string& tenant, EventId id) = 0;
  // A dead delivery runs again: same id and webhook-id, schedule from the start. A dead letter of
  // the flow (no destination) sends its request through connector and rules again instead and
  // becomes discarded.
  virtual Result<void> retryDelivery(const std::string& tenant, DeliveryId id) = 0;
  virtual Result<void> discardDelivery(const std::string& tenant, DeliveryId id,
                                       const std::string& reason) = 0;
};

}  // namespace junctor::admin
