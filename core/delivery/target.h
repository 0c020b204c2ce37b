#pragma once
// Target: a destination compiled for sending (signer, fixed headers, schedule), and the table of
// all of them: an immutable snapshot that belongs to one catalog.
#include <map>
#include <memory>
#include <string>

#include "config/load.h"
#include "crypto/signature.h"
#include "model/catalog.h"
#include "net/http_client.h"

namespace junctor::delivery {

struct Target {
  const Destination* destination = nullptr;
  std::unique_ptr<crypto::WebhookSigner> signer;  // null: the destination has no signing secret
  Headers headers;                                // of the destination, references resolved
  std::string unavailable;                        // why it cannot send now, "" = ready
  std::string pool;                               // "tenant/name"
};

struct TargetTable {
  CatalogPtr catalog;
  std::map<std::string, Target> targets;  // by "tenant/name"

  const Target* find(const std::string& tenant, const std::string& name) const;
};
using TargetTablePtr = std::shared_ptr<const TargetTable>;

// What its headers hold that stands nowhere in the configuration, whole and without "Bearer ".
// Views into `target`.
std::vector<std::string_view> secretsOf(const Target& target);

// URL, secrets and schedule of one destination. Used by apply, which refuses what fails.
Result<void> checkDestination(const Destination& destination, const config::SecretSource& secrets);
// Never fails: a destination that cannot sign parks its deliveries and is logged.
TargetTablePtr buildTargets(const CatalogPtr& catalog, const config::SecretSource& secrets);

}  // namespace junctor::delivery
