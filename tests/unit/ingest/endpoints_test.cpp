#include "ingest/endpoints.h"

#include "unit/plugin/plugin_house.h"

namespace junctor::testing {
namespace {

// An integration of each connector, without secrets.
CatalogPtr catalogOf(const std::vector<std::string>& connectors) {
  auto catalog = std::make_shared<Catalog>();
  Tenant& tenant = catalog->tenants["demo"];
  tenant.id = "demo";
  for (const std::string& connector : connectors) {
    Integration& integration = tenant.integrations[connector + "-1"];
    integration.id = connector + "-1";
    integration.tenant = "demo";
    integration.connector = connector;
  }
  return catalog;
}

}  // namespace

TEST_CASE("a connector that takes no webhooks has no endpoint and needs no webhook secret") {
  const PluginHouse house;
  const config::Environment environment;
  observe::Metrics metrics;
  ingest::SecretUses uses;
  const CatalogPtr catalog = catalogOf({"misbehaves", "probe"});
  const auto endpoints =
      ingest::buildEndpoints(catalog, *house.registry, environment, metrics, uses);
  CHECK_FALSE(endpoints.contains("misbehaves-1"));
  REQUIRE(endpoints.contains("probe-1"));
  CHECK_FALSE(endpoints.at("probe-1")->unavailable.empty());  // no secret: it cannot verify

  const Tenant& tenant = catalog->tenants.at("demo");
  CHECK(ingest::checkIntegration(tenant.integrations.at("misbehaves-1"), *house.registry,
                                 environment));
  CHECK(ingest::checkIntegration(tenant.integrations.at("probe-1"), *house.registry, environment)
            .error()
            .message.starts_with("webhook_secrets is empty"));
}

}  // namespace junctor::testing
