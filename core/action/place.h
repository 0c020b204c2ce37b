#pragma once
// Place: an integration of a tenant and its connector, for whoever asks the connector for
// something.
#include <memory>
#include <string>

#include "base/result.h"
#include "model/catalog.h"
#include "plugin/connector.h"

namespace junctor::action {

struct Place {
  const Integration* integration = nullptr;
  std::shared_ptr<plugin::Connector> connector;
  CatalogPtr catalog;  // keeps the integration
};

// Another tenant's integration is as if it were not there: NotFound.
template <class Registry>
Result<Place> placeOf(CatalogPtr catalog, const Registry& registry, const std::string& tenant,
                      const std::string& integration) {
  Place place;
  place.catalog = std::move(catalog);
  place.integration = place.catalog->findIntegration(integration);
  if (!place.integration || place.integration->tenant != tenant) {
    return notFound("there is no integration '" + integration + "'");
  }
  place.connector = registry.find(place.integration->connector);
  if (!place.connector) {
    return notFound("connector '" + place.integration->connector + "' is not loaded");
  }
  return place;
}

}  // namespace junctor::action
