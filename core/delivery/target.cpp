#include "delivery/target.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/secret_bytes.h"

namespace junctor::delivery {
namespace {

Result<std::unique_ptr<crypto::WebhookSigner>> buildSigner(const Destination& destination,
                                                           const config::SecretSource& secrets) {
  if (destination.signing_secrets.empty()) return std::unique_ptr<crypto::WebhookSigner>();
  std::vector<std::string> live;
  const crypto::WipeAllAtEnd wiped(live);
  for (const SecretRef& ref : destination.signing_secrets) {
    JUNCTOR_TRY(std::string secret, secrets.resolve(ref, config::SecretOwner::of(destination)));
    live.push_back(std::move(secret));
  }
  return crypto::makeWebhookSigner(live);
}

// A header's value may be a reference, so that credentials stay out of the configuration.
Result<Headers> resolveHeaders(const Destination& destination,
                               const config::SecretSource& secrets) {
  Headers headers;
  for (const auto& [name, value] : destination.headers) {
    std::string text = value;
    if (config::isSecretReference(value)) {
      JUNCTOR_TRY(text, secrets.resolve({value}, config::SecretOwner::of(destination)));
    }
    headers.emplace_back(name, std::move(text));
  }
  return headers;
}

bool awaitsVault(const Destination& destination, const config::SecretSource& secrets) {
  const config::SecretOwner owner = config::SecretOwner::of(destination);
  const auto& headers = destination.headers;
  const auto& signing = destination.signing_secrets;
  return std::any_of(signing.begin(), signing.end(),
                     [&](const SecretRef& ref) { return secrets.awaits(ref, owner); }) ||
         std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return secrets.awaits({header.second}, owner); });
}

std::string poolOf(const Destination& destination) {
  return destination.tenant + "/" + destination.name;
}

}  // namespace

const Target* TargetTable::find(const std::string& tenant, const std::string& name) const {
  const auto found = targets.find(tenant + "/" + name);
  return found == targets.end() ? nullptr : &found->second;
}

std::vector<std::string_view> secretsOf(const Target& target) {
  std::vector<std::string_view> out;
  const Headers& configured = target.destination->headers;
  for (size_t i = 0; i < std::min(configured.size(), target.headers.size()); ++i) {
    const std::string_view value = target.headers[i].second;
    if (value == configured[i].second) continue;
    out.push_back(value);
    out.push_back(value.substr(value.rfind(' ') + 1));
  }
  return out;
}

Result<void> checkDestination(const Destination& destination, const config::SecretSource& secrets) {
  if (destination.type == "log") return {};
  JUNCTOR_CHECK(net::checkUrl(destination.url, destination.allow_private));
  // Applied first, its secret put after: until then its deliveries wait.
  if (awaitsVault(destination, secrets)) return {};
  JUNCTOR_CHECK(buildSigner(destination, secrets));
  JUNCTOR_CHECK(resolveHeaders(destination, secrets));
  return {};
}

TargetTablePtr buildTargets(const CatalogPtr& catalog, const config::SecretSource& secrets) {
  auto table = std::make_shared<TargetTable>();
  table->catalog = catalog;
  for (const auto& [tenant_id, tenant] : catalog->tenants) {
    for (const auto& [name, destination] : tenant.destinations) {
      Target target;
      target.destination = &destination;
      target.pool = poolOf(destination);
      auto signer = buildSigner(destination, secrets);
      auto headers = resolveHeaders(destination, secrets);
      if (signer && headers) {
        target.signer = std::move(signer).value();
        target.headers = std::move(headers).value();
      } else {
        target.unavailable = signer ? headers.error().message : signer.error().message;
        log::error("delivery", {{"tenant", tenant_id}, {"destination", name}},
                   "destination cannot sign, its deliveries wait: {}", target.unavailable);
      }
      table->targets.emplace(target.pool, std::move(target));
    }
  }
  return table;
}

}  // namespace junctor::delivery
