#include "delivery/target.h"

#include "base/log.h"

namespace junctor::delivery {
namespace {

Result<std::unique_ptr<crypto::WebhookSigner>> buildSigner(const Destination& destination,
                                                           const config::Environment& environment) {
  if (destination.signing_secrets.empty()) return std::unique_ptr<crypto::WebhookSigner>();
  std::vector<std::string> secrets;
  for (const SecretRef& ref : destination.signing_secrets) {
    JUNCTOR_TRY(std::string secret, config::resolveSecret(ref, environment));
    secrets.push_back(std::move(secret));
  }
  return crypto::makeWebhookSigner(secrets);
}

// A header's value may be a reference, so that credentials stay out of the configuration.
Result<Headers> resolveHeaders(const Destination& destination,
                               const config::Environment& environment) {
  Headers headers;
  for (const auto& [name, value] : destination.headers) {
    std::string text = value;
    if (value.starts_with("env:") || value.starts_with("file:")) {
      JUNCTOR_TRY(text, config::resolveSecret({value}, environment));
    }
    headers.emplace_back(name, std::move(text));
  }
  return headers;
}

std::string poolOf(const Destination& destination) {
  return destination.tenant + "/" + destination.name;
}

}  // namespace

const Target* TargetTable::find(const std::string& tenant, const std::string& name) const {
  const auto found = targets.find(tenant + "/" + name);
  return found == targets.end() ? nullptr : &found->second;
}

Result<void> checkDestination(const Destination& destination,
                              const config::Environment& environment) {
  if (destination.type == "log") return {};
  JUNCTOR_CHECK(net::checkUrl(destination.url, destination.allow_private));
  JUNCTOR_CHECK(buildSigner(destination, environment));
  JUNCTOR_CHECK(resolveHeaders(destination, environment));
  return {};
}

TargetTablePtr buildTargets(const CatalogPtr& catalog, const config::Environment& environment) {
  auto table = std::make_shared<TargetTable>();
  table->catalog = catalog;
  for (const auto& [tenant_id, tenant] : catalog->tenants) {
    for (const auto& [name, destination] : tenant.destinations) {
      Target target;
      target.destination = &destination;
      target.pool = poolOf(destination);
      auto signer = buildSigner(destination, environment);
      auto headers = resolveHeaders(destination, environment);
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
