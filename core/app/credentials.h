#pragma once
// Credentials: the header that a connector's request goes out with. The connector names a
// credential of its manifest; which secret that is and where it stands is the manifest's
// ("credentials"); the value is the vault's and is seen by the host alone.
#include <functional>
#include <string>

#include "base/result.h"
#include "model/catalog.h"
#include "model/event.h"
#include "plugin/connector.h"
#include "plugin/ports.h"
#include "vault/vault.h"

namespace junctor::app {

class Credentials {
 public:
  using Catalogs = std::function<CatalogPtr()>;
  Credentials(vault::Vault& vault, const plugin::Registry& registry, Catalogs catalogs)
      : vault_(vault), registry_(registry), catalogs_(std::move(catalogs)) {}

  // Secret. Unauthenticated: the integration has no such credential. Thread-safe; may block.
  Result<Header> header(const plugin::PortCall& call, const std::string& name);

 private:
  Result<std::string> secret(const plugin::PortCall& call, const std::string& field);

  vault::Vault& vault_;
  const plugin::Registry& registry_;
  const Catalogs catalogs_;
};

}  // namespace junctor::app
