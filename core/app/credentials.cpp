#include "app/credentials.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "base/json_value.h"
#include "crypto/secret_bytes.h"

namespace junctor::app {
namespace {

using Way = plugin::CredentialWay;

Result<Header> headerOf(const Way& way, const std::string& secret, const Json& settings) {
  if (way.kind != Way::Kind::Basic) {
    JUNCTOR_TRY(std::string value, plugin::fillText(way.value, secret, settings));
    return Header{way.header, std::move(value)};
  }
  JUNCTOR_TRY(std::string user, plugin::fillText(way.user, secret, settings));
  JUNCTOR_TRY(std::string password, plugin::fillText(way.password, secret, settings));
  const crypto::WipeAtEnd wiped_user(user), wiped_password(password);
  std::string pair = user + ":" + password;
  const crypto::WipeAtEnd wiped(pair);
  return Header{way.header, "Basic " + toBase64(pair)};
}

}  // namespace

Result<std::string> Credentials::secret(const plugin::PortCall& call, const std::string& field) {
  std::string secret;
  JUNCTOR_CHECK(vault_.withSecret({std::string(call.tenant), std::string(call.integration), field},
                                  [&](std::string_view value) -> Result<void> {
                                    secret = value;
                                    return {};
                                  }));
  return secret;
}

Result<Header> Credentials::header(const plugin::PortCall& call, const std::string& name) {
  const CatalogPtr catalog = catalogs_();
  const Integration* integration = catalog->findIntegration(std::string(call.integration));
  const auto connector = registry_.find(std::string(call.connector));
  std::string wanted;
  if (integration && connector && integration->tenant == call.tenant) {
    JUNCTOR_TRY(const Json settings, parseJson(integration->settings_json));
    const auto& all = connector->manifest().declared.credentials;
    const auto ways = all.find(name);
    for (const Way& way : ways == all.end() ? std::vector<Way>() : ways->second) {
      auto value = secret(call, way.secret);
      if (value) {
        const crypto::WipeAtEnd wiped(*value);
        return headerOf(way, *value, settings);
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
