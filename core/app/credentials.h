#pragma once
// Credentials: the header that a connector's request goes out with. The connector names a
// credential of its manifest; which secret that is and where it stands is the manifest's
// ("credentials"); the value is the vault's and is seen by the host alone.
#include <functional>
#include <string>

#include "base/result.h"
#include "model/catalog.h"
#include "model/event.h"
#include "oauth/keeper.h"
#include "plugin/connector.h"
#include "plugin/ports.h"
#include "vault/vault.h"

namespace junctor::app {

class Credentials {
 public:
  using Catalogs = std::function<CatalogPtr()>;
  Credentials(vault::Vault& vault, const plugin::Registry& registry, oauth::Keeper& tokens,
              Catalogs catalogs)
      : vault_(vault), registry_(registry), tokens_(tokens), catalogs_(std::move(catalogs)) {}

  struct Given {         // secret
    Header header;       // without a name: the connector's manifest lets it go without one
    std::string url;     // goes to this address instead of bearing a header; else ""
    std::string token;   // by OAuth: the provider's refusal may be cured; else ""
    std::string secret;  // what stands in the header or is the address: no answer may repeat it
  };
  // Unauthenticated: the integration has no such credential, or a person must authorize it again.
  // `refused`: a token that the provider has just refused, "" = none. Thread-safe; may block.
  Result<Given> find(const plugin::PortCall& call, const std::string& name,
                     const std::string& refused = "");

 private:
  Result<std::string> secret(const plugin::PortCall& call, const plugin::CredentialWay& way,
                             const std::string& refused);

  vault::Vault& vault_;
  const plugin::Registry& registry_;
  oauth::Keeper& tokens_;
  const Catalogs catalogs_;
};

}  // namespace junctor::app
