#pragma once
// Endpoints: the catalog's integrations compiled for receiving: manifest, verifier, answers.
// An immutable table, swapped whole when the catalog changes.
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/network.h"
#include "base/result.h"
#include "config/load.h"
#include "crypto/secret_bytes.h"
#include "crypto/signature.h"
#include "ingest/secret_uses.h"
#include "model/catalog.h"
#include "observe/metrics.h"
#include "plugin/connector.h"

namespace junctor::ingest {

// Wiped when the last holder is gone.
class LiveSecrets {
 public:
  explicit LiveSecrets(std::vector<std::string> values) : values_(std::move(values)) {}
  ~LiveSecrets() { const crypto::WipeAllAtEnd wiped(values_); }
  LiveSecrets(const LiveSecrets&) = delete;
  LiveSecrets& operator=(const LiveSecrets&) = delete;
  const std::vector<std::string>& values() const { return values_; }

 private:
  std::vector<std::string> values_;
};

struct Endpoint {
  CatalogPtr catalog;  // keeps `integration` alive
  const Integration* integration = nullptr;
  std::shared_ptr<plugin::Connector> connector;
  // Who verifies: one of these two; neither only with integration->unsigned_ok.
  std::unique_ptr<crypto::Verifier> verifier;
  std::unique_ptr<const LiveSecrets> custom;  // the connector itself, over these
  std::vector<plugin::Place> delivery_key;
  std::string unavailable;                  // why it cannot verify now (secret missing), "" = ready
  std::vector<std::string> secret_headers;  // carry signatures or tokens: never stored
  std::string secret_query;                 // likewise, a parameter of the URL
  std::string secret_member;                // likewise, a member of the body
  std::vector<SecretUses::Cell> uses;       // of the verifier's secrets, in their order
  std::string handshake_token;              // what a handshake must carry, if the manifest asks
  std::vector<Network> allow_from;          // empty = all

  observe::Counter* accepted = nullptr;
  observe::Counter* duplicates = nullptr;
  observe::Counter* rejected = nullptr;
  observe::Counter* handshakes = nullptr;
};
using EndpointTable = std::unordered_map<std::string, std::shared_ptr<const Endpoint>>;

// The signature scheme an integration uses: its connector's, or its settings' (generic).
// InvalidArgument too: the connector checks signatures itself.
Result<crypto::SignatureScheme> schemeFor(const plugin::Manifest& manifest,
                                          const Integration& integration);

// Problems that make an integration unusable as configured: unknown connector, scheme, secrets.
// Used by apply, which refuses them, and by buildEndpoints, which serves the rest without them.
Result<void> checkIntegration(const Integration& integration, const plugin::Registry& registry,
                              const config::SecretSource& secrets);

// Never fails: an integration that cannot verify answers 503 and is logged, so that the provider
// sends again later.
EndpointTable buildEndpoints(const CatalogPtr& catalog, const plugin::Registry& registry,
                             const config::SecretSource& secrets, observe::Metrics& metrics,
                             SecretUses& uses);

}  // namespace junctor::ingest
