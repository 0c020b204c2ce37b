#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "admin/render.h"
#include "base/json_value.h"
#include "config/load.h"

namespace junctor::admin {
namespace {

std::string tenantJson(const Tenant& tenant) {
  JsonWriter out;
  out.beginObject();
  out.key("id").string(tenant.id).key("name").string(tenant.name);
  out.key("integrations").unsignedInteger(tenant.integrations.size());
  out.key("destinations").unsignedInteger(tenant.destinations.size());
  out.key("rules").unsignedInteger(tenant.rules.size());
  out.endObject();
  return std::move(out).take();
}

// A listener with TLS is told with its scheme, a plain one as host:port.
std::string publicUrl(const std::string& address) {
  return address.starts_with("https://") ? address : "http://" + address;
}

// Reads the body's tenants; every problem is collected.
Result<std::vector<Tenant>> readTenants(const Json& body, std::vector<std::string>& problems) {
  const auto list = body.find("tenants");
  if (list == body.end() || !list->is_array() || list->empty()) {
    return invalidArgument("tenants must be a list with at least one tenant");
  }
  std::vector<Tenant> tenants;
  for (const Json& item : *list) {
    auto tenant = config::tenantFromJson(item);
    if (tenant) {
      tenants.push_back(std::move(*tenant));
    } else {
      problems.push_back(tenant.error().message);
    }
  }
  for (size_t i = 0; i < tenants.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (tenants[i].id == tenants[k].id) problems.push_back(tenants[i].id + ": is there twice");
    }
  }
  return tenants;
}

// Which secret still verifies something: after a rotation the old one can go when it does not.
Json secretUses(const Call& call, const Integration& integration) {
  Json out = Json::array();
  for (const SecretRef& ref : integration.webhook_secrets) {
    const int64_t at_ms = call.services.secretLastUsedMs(integration.id, ref.text);
    out.push_back(
        {{"secret", ref.text}, {"last_used_at", at_ms == 0 ? Json() : Json(formatRfc3339(at_ms))}});
  }
  return out;
}

}  // namespace

Answered tenants(Call& call) {
  std::vector<std::string> items;
  const CatalogPtr catalog = call.services.catalog();
  for (const auto& [id, tenant] : catalog->tenants) {
    if (call.caller.reaches(id)) items.push_back(tenantJson(tenant));
  }
  return page(items);
}

Answered tenant(Call& call) {
  const CatalogPtr catalog = call.services.catalog();
  return net::jsonResponse(200, tenantJson(*catalog->findTenant(call.tenant())));
}

Answered integrations(Call& call) {
  std::vector<std::string> items;
  const CatalogPtr catalog = call.services.catalog();
  const std::string public_url = publicUrl(call.services.system().public_address);
  for (const auto& [id, integration] : catalog->findTenant(call.tenant())->integrations) {
    items.push_back(integrationJson(integration, public_url, call.services.integrationProblem(id),
                                    call.services.tokens().status(id)));
  }
  return page(items);
}

Answered integration(Call& call) {
  const CatalogPtr catalog = call.services.catalog();
  const auto& all = catalog->findTenant(call.tenant())->integrations;
  const auto found = all.find(call.path.at("i"));
  if (found == all.end()) return notFound("there is no integration '" + call.path.at("i") + "'");
  const oauth::Status status = call.services.tokens().status(found->first);
  JUNCTOR_TRY(Json json, parseJson(integrationJson(
                             found->second, publicUrl(call.services.system().public_address),
                             call.services.integrationProblem(found->first), status)));
  JUNCTOR_TRY(const auto parked, call.services.store().parked());
  const auto waiting = parked.find(found->first);
  json["parked"] = waiting == parked.end() ? 0 : waiting->second;
  json["credential"] = {{"state", oauth::toString(status.state)}, {"reason", status.reason}};
  json["webhook_secret_uses"] = secretUses(call, found->second);
  const auto registered = call.services.hooks().find(found->first);
  json["registered_webhook"] =
      registered ? parseJson(action::registrationJson(*registered)).value_or(Json()) : Json();
  return net::jsonResponse(200, dumpJson(json));
}

// As apply would, with one integration more.
Answered createIntegration(Call& call) {
  JUNCTOR_TRY(const Json body, parseJson(call.http.body));
  if (!body.is_object()) return invalidArgument("the body must be an object");
  const CatalogPtr catalog = call.services.catalog();
  const auto read =
      config::tenantFromJson({{"id", call.tenant()}, {"integrations", Json::array({body})}});
  if (!read) return unprocessable("bad-configuration", {read.error().message});
  const auto& [id, integration] = *read->integrations.begin();
  if (catalog->findIntegration(id)) {
    return makeError(ErrorCode::AlreadyExists, "there is an integration '" + id + "' already");
  }
  Tenant tenant = *catalog->findTenant(call.tenant());
  tenant.integrations.emplace(id, integration);
  JUNCTOR_TRY(const ApplyReport report, call.services.apply({tenant}, false));
  if (!report.problems.empty()) return unprocessable("bad-configuration", report.problems);
  return net::jsonResponse(
      201, integrationJson(integration, publicUrl(call.services.system().public_address), ""));
}

namespace {

Answered switched(Call& call, bool on) {
  JUNCTOR_CHECK(bodyOf(call, {}));
  const std::string& id = call.path.at("i");
  const auto change = [&](Tenant& tenant) -> Result<void> {
    const auto found = tenant.integrations.find(id);
    if (found == tenant.integrations.end()) return notFound("there is no integration '" + id + "'");
    found->second.enabled = on;
    return {};
  };
  JUNCTOR_TRY(const ApplyReport report, call.services.edit(call.tenant(), change, false));
  if (!report.problems.empty()) return unprocessable("bad-configuration", report.problems);
  return integration(call);
}

}  // namespace

Answered disableIntegration(Call& call) {
  return switched(call, false);
}

Answered enableIntegration(Call& call) {
  return switched(call, true);
}

Answered destinations(Call& call) {
  std::vector<std::string> items;
  const CatalogPtr catalog = call.services.catalog();
  for (const auto& [name, destination] : catalog->findTenant(call.tenant())->destinations) {
    items.push_back(
        destinationJson(destination, call.services.destinationHealth(call.tenant(), name)));
  }
  return page(items);
}

namespace {

Answered paused(Call& call, bool pause) {
  JUNCTOR_CHECK(bodyOf(call, {}));
  const std::string& name = call.path.at("n");
  const CatalogPtr catalog = call.services.catalog();
  const Destination* destination = catalog->findDestination(call.tenant(), name);
  if (!destination) return notFound("there is no destination '" + name + "'");
  JUNCTOR_CHECK(call.services.setDestinationPaused(call.tenant(), name, pause));
  return net::jsonResponse(
      200, destinationJson(*destination, call.services.destinationHealth(call.tenant(), name)));
}

}  // namespace

Answered pauseDestination(Call& call) {
  return paused(call, true);
}

Answered resumeDestination(Call& call) {
  return paused(call, false);
}

Answered rules(Call& call) {
  std::vector<std::string> items;
  const CatalogPtr catalog = call.services.catalog();
  for (const RuleScript& rule : catalog->findTenant(call.tenant())->rules) {
    items.push_back(ruleJson(rule));
  }
  return page(items);
}

Answered apply(Call& call) {
  JUNCTOR_TRY(const bool dry_run, flagOf(call, "dry_run"));
  JUNCTOR_TRY(const Json body, bodyOf(call, {"tenants"}));
  std::vector<std::string> problems;
  JUNCTOR_TRY(std::vector<Tenant> tenants, readTenants(body, problems));
  if (!problems.empty()) return unprocessable("bad-configuration", problems);
  JUNCTOR_TRY(const ApplyReport report, call.services.apply(std::move(tenants), dry_run));
  if (!report.problems.empty()) return unprocessable("bad-configuration", report.problems);
  JsonWriter out;
  out.beginObject().key("dry_run").boolean(dry_run).key("changes").beginArray();
  for (const std::string& change : report.changes) out.string(change);
  out.endArray().endObject();
  return net::jsonResponse(200, std::move(out).take());
}

}  // namespace junctor::admin
