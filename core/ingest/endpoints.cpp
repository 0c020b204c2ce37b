#include "ingest/endpoints.h"

#include <algorithm>

#include "base/json_value.h"
#include "base/log.h"
#include "crypto/secret_bytes.h"

namespace junctor::ingest {
namespace {

// Sets one of `out`'s two verifiers, or neither for an unsigned integration. A connector that
// checks signatures itself may do so without a secret: with a certificate of the provider's.
Result<void> buildVerifier(const plugin::Manifest& manifest, const Integration& integration,
                           const config::SecretSource& secrets, Endpoint& out) {
  std::vector<std::string> live;
  const crypto::WipeAllAtEnd wiped(live);
  for (const SecretRef& ref : integration.webhook_secrets) {
    JUNCTOR_TRY(std::string secret, secrets.resolve(ref, config::SecretOwner::of(integration)));
    live.push_back(std::move(secret));
  }
  if (live.empty() && integration.unsigned_ok) return {};
  if (manifest.signature_custom) {
    out.custom = std::make_unique<const LiveSecrets>(live);
    return {};
  }
  if (live.empty()) {
    return invalidArgument("webhook_secrets is empty: name at least one (or say unsigned: true)");
  }
  JUNCTOR_TRY(const crypto::SignatureScheme scheme, schemeFor(manifest, integration));
  JUNCTOR_TRY(out.verifier, crypto::makeVerifier(scheme, live));
  return {};
}

bool awaitsVault(const Integration& integration, const config::SecretSource& secrets) {
  const auto& refs = integration.webhook_secrets;
  return std::any_of(refs.begin(), refs.end(), [&](const SecretRef& ref) {
    return secrets.awaits(ref, config::SecretOwner::of(integration));
  });
}

// A connector that only acts or polls has no endpoint: its URL answers 404.
bool takesWebhooks(const plugin::Manifest& manifest) {
  return manifest.offers("junctor.webhook/1");
}

std::vector<std::string> secretHeaders(const plugin::Manifest& manifest,
                                       const Integration& integration) {
  std::vector<std::string> names = {"Authorization", "Cookie", "Proxy-Authorization"};
  if (const auto scheme = schemeFor(manifest, integration)) names.push_back(scheme->header);
  names.insert(names.end(), manifest.signature_headers.begin(), manifest.signature_headers.end());
  return names;
}

std::string handshakeToken(const plugin::Handshake& handshake, const Integration& integration) {
  const auto settings = parseJson(integration.settings_json);
  if (handshake.token_setting.empty() || !settings || !settings->is_object()) return {};
  const auto found = settings->find(handshake.token_setting);
  return found != settings->end() && found->is_string() ? found->get<std::string>() : "";
}

std::shared_ptr<Endpoint> makeEndpoint(const CatalogPtr& catalog, const Integration& integration,
                                       const std::shared_ptr<plugin::Connector>& connector,
                                       const config::SecretSource& secrets,
                                       observe::Metrics& metrics, SecretUses& uses) {
  auto endpoint = std::make_shared<Endpoint>();
  endpoint->catalog = catalog;
  endpoint->integration = &integration;
  endpoint->connector = connector;
  const auto built = buildVerifier(connector->manifest(), integration, secrets, *endpoint);
  if (!built) {
    endpoint->unavailable = built.error().message;
    log::error("ingest", {{"tenant", integration.tenant}, {"integration", integration.id}},
               "integration cannot verify and answers 503: {}", endpoint->unavailable);
  }
  endpoint->secret_headers = secretHeaders(connector->manifest(), integration);
  if (const auto scheme = schemeFor(connector->manifest(), integration)) {
    endpoint->secret_query = scheme->query;
    endpoint->secret_member = scheme->secretMember();
  }
  for (const SecretRef& ref : integration.webhook_secrets) {
    endpoint->uses.push_back(uses.cell({integration.id, ref.text}));
  }
  for (const std::string& text : integration.allow_from) {
    // What cannot be read lets nobody in; apply refuses it beforehand.
    auto network = Network::parse(text);
    if (network) {
      endpoint->allow_from.push_back(*network);
    } else {
      endpoint->unavailable = "allow_from: " + network.error().message;
    }
  }
  endpoint->handshake_token = handshakeToken(connector->manifest().handshake, integration);
  auto places = plugin::effectiveDeliveryKey(connector->manifest(), integration.settings_json);
  if (places) {
    endpoint->delivery_key = std::move(*places);
  } else if (endpoint->unavailable.empty()) {
    endpoint->unavailable = places.error().message;
  }
  const auto count = [&](const char* outcome) {
    return &metrics.counter("junctor_ingest_requests_total", "Webhooks received, by outcome",
                            {{"integration", integration.id}, {"outcome", outcome}});
  };
  endpoint->accepted = count("accepted");
  endpoint->duplicates = count("duplicate");
  endpoint->rejected = count("rejected");
  endpoint->handshakes = count("handshake");
  return endpoint;
}

}  // namespace

Result<crypto::SignatureScheme> schemeFor(const plugin::Manifest& manifest,
                                          const Integration& integration) {
  if (manifest.signature_from_settings) {
    JUNCTOR_TRY(const Json settings, parseJson(integration.settings_json));
    if (settings.is_object() && settings.contains("signature")) {
      return crypto::SignatureScheme::fromJson(settings["signature"]);
    }
  }
  if (manifest.signature) return *manifest.signature;
  if (manifest.signature_custom) {
    return invalidArgument("connector " + manifest.id + " checks signatures itself");
  }
  return invalidArgument("connector " + manifest.id + " needs settings.signature");
}

Result<void> checkIntegration(const Integration& integration, const plugin::Registry& registry,
                              const config::SecretSource& secrets) {
  const auto connector = registry.find(integration.connector);
  if (!connector) return notFound("connector \"" + integration.connector + "\" is not installed");
  if (takesWebhooks(connector->manifest())) {
    // Applied first, its secret put after: until then it answers 503.
    const plugin::Manifest& manifest = connector->manifest();
    if (!awaitsVault(integration, secrets)) {
      Endpoint built;
      JUNCTOR_CHECK(buildVerifier(manifest, integration, secrets, built));
    } else if (!manifest.signature_custom) {
      JUNCTOR_CHECK(schemeFor(manifest, integration));
    }
  }
  JUNCTOR_CHECK(connector->create(integration));
  return {};
}

EndpointTable buildEndpoints(const CatalogPtr& catalog, const plugin::Registry& registry,
                             const config::SecretSource& secrets, observe::Metrics& metrics,
                             SecretUses& uses) {
  EndpointTable table;
  for (const auto& [tenant_id, tenant] : catalog->tenants) {
    for (const auto& [id, integration] : tenant.integrations) {
      const auto connector = registry.find(integration.connector);
      if (!connector) {
        log::error("ingest", {{"tenant", tenant_id}, {"integration", id}},
                   "connector {} is not installed: its webhooks answer 404", integration.connector);
        continue;
      }
      if (!takesWebhooks(connector->manifest())) continue;
      table.emplace(id, makeEndpoint(catalog, integration, connector, secrets, metrics, uses));
    }
  }
  return table;
}

}  // namespace junctor::ingest
