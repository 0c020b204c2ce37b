#include "app/credentials.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "base/json_value.h"
#include "crypto/secret_bytes.h"

namespace junctor::app {
namespace {

using Way = plugin::CredentialWay;

Result<Header> headerOf(const Way& way, const std::string& secret, const Json& settings) {
  JUNCTOR_TRY(std::string name, plugin::fillText(way.header, "", settings));
  if (way.kind != Way::Kind::Basic) {
    JUNCTOR_TRY(std::string value, plugin::fillText(way.value, secret, settings));
    return Header{std::move(name), std::move(value)};
  }
  JUNCTOR_TRY(std::string user, plugin::fillText(way.user, secret, settings));
  JUNCTOR_TRY(std::string password, plugin::fillText(way.password, secret, settings));
  const crypto::WipeAtEnd wiped_user(user), wiped_password(password);
  std::string pair = user + ":" + password;
  const crypto::WipeAtEnd wiped(pair);
  return Header{std::move(name), "Basic " + toBase64(pair)};
}

}  // namespace

Result<std::string> Credentials::secret(const plugin::PortCall& call, const Way& way,
                                        const std::string& refused) {
  const std::string tenant(call.tenant), integration(call.integration);
  if (way.kind == Way::Kind::Oauth) {
    auto token = refused.empty() ? tokens_.access(tenant, integration)
                                 : tokens_.replace(tenant, integration, refused);
    // Without a client there has been no consent: another way may do.
    const bool none = !token && token.error().code == ErrorCode::InvalidArgument;
    return none ? notFound("there is no token") : std::move(token);
  }
  std::string secret;
  JUNCTOR_CHECK(vault_.withSecret({tenant, integration, way.secret},
                                  [&](std::string_view value) -> Result<void> {
                                    secret = value;
                                    return {};
                                  }));
  return secret;
}

Result<Credentials::Given> Credentials::find(const plugin::PortCall& call, const std::string& name,
                                             const std::string& refused) {
  const CatalogPtr catalog = catalogs_();
  const Integration* integration = catalog->findIntegration(std::string(call.integration));
  const auto connector = registry_.find(std::string(call.connector));
  std::string wanted;
  if (integration && connector && integration->tenant == call.tenant) {
    JUNCTOR_TRY(const Json settings, parseJson(integration->settings_json));
    const auto& all = connector->manifest().declared.credentials;
    const auto ways = all.find(name);
    for (const Way& way : ways == all.end() ? std::vector<Way>() : ways->second) {
      if (way.kind == Way::Kind::None) return Given{};
      auto value = secret(call, way, refused);
      if (value) {
        const crypto::WipeAtEnd wiped(*value);
        if (way.kind == Way::Kind::Url) return Given{{}, *value, "", *value};
        JUNCTOR_TRY(Header header, headerOf(way, *value, settings));
        return Given{std::move(header), "", way.kind == Way::Kind::Oauth ? *value : "", *value};
      }
      if (value.error().code != ErrorCode::NotFound) return value.error();
      wanted += (wanted.empty() ? "" : " or ") + way.secret;
    }
  }
  return makeError(ErrorCode::Unauthenticated,
                   fmt::format("integration {} has no credential '{}': put the secret {}",
                               call.integration, name, wanted));
}

}  // namespace junctor::app
