// Who may do what: every role on every route, for its own tenant, all tenants and another tenant.
#include <catch2/catch.hpp>

#include "admin/route.h"
#include "admin_server.h"

using junctor::admin::Role;
using junctor::admin::Route;
using junctor::testing::AdminServer;
using junctor::testing::header;
using junctor::testing::parsed;

namespace {

// Written by hand and by purpose not derived from the code's table.
// letters: o owner, a admin, p operator, v viewer, u auditor.
struct Expectation {
  const char* route;
  const char* permitted;
};
const Expectation kExpectations[] = {
    {"GET /metrics", "oapvu"},
    {"GET /v1/openapi.json", "oapvu"},
    {"GET /v1/system", "oapvu"},
    {"GET /v1/connectors", "oapvu"},
    {"GET /v1/connectors/{c}", "oapvu"},
    {"GET /v1/tenants", "oapvu"},
    {"GET /v1/tenants/{t}", "oapvu"},
    {"GET /v1/tenants/{t}/integrations", "oapvu"},
    {"POST /v1/tenants/{t}/integrations", "oa"},
    {"POST /v1/tenants/{t}/integrations/{i}/authorize", "oa"},
    {"POST /v1/tenants/{t}/integrations/{i}/revoke", "oa"},
    {"POST /v1/tenants/{t}/integrations/{i}/register-webhook", "oa"},
    {"POST /v1/tenants/{t}/integrations/{i}/unregister-webhook", "oa"},
    {"POST /v1/tenants/{t}/integrations/{i}/disable", "oa"},
    {"POST /v1/tenants/{t}/integrations/{i}/enable", "oa"},
    {"GET /v1/tenants/{t}/integrations/{i}", "oapvu"},
    {"GET /v1/tenants/{t}/integrations/{i}/actions", "oapvu"},
    {"POST /v1/tenants/{t}/integrations/{i}/actions/{a}", "oap"},
    {"GET /v1/tenants/{t}/integrations/{i}/fields/{o}", "oap"},
    {"POST /v1/tenants/{t}/integrations/{i}/test", "oap"},
    {"GET /v1/tenants/{t}/destinations", "oapvu"},
    {"POST /v1/tenants/{t}/destinations/{n}/pause", "oap"},
    {"POST /v1/tenants/{t}/destinations/{n}/resume", "oap"},
    {"GET /v1/tenants/{t}/rules", "oapvu"},
    {"GET /v1/tenants/{t}/rules/{r}/versions", "oapvu"},
    {"GET /v1/tenants/{t}/rules/{r}/versions/{v}", "oapvu"},
    {"POST /v1/tenants/{t}/rules/{r}/versions", "oa"},
    {"POST /v1/tenants/{t}/rules/release", "oa"},
    {"POST /v1/tenants/{t}/rules/{r}/publish", "oa"},
    {"POST /v1/tenants/{t}/rules/{r}/rollback", "oa"},
    {"DELETE /v1/tenants/{t}/rules/{r}", "oa"},
    {"GET /v1/tenants/{t}/shadow", "oapvu"},
    {"DELETE /v1/tenants/{t}/rules/{r}/shadow", "oa"},
    {"POST /v1/tenants/{t}/rules/{r}/test", "oa"},
    {"POST /v1/tenants/{t}/rules/{r}/dry-run", "oapv"},
    {"POST /v1/tenants/{t}/rules/{r}/compare", "oapv"},
    {"GET /v1/tenants/{t}/mappings", "oapvu"},
    {"GET /v1/tenants/{t}/mappings/{c}/{o}", "oapvu"},
    {"PUT /v1/tenants/{t}/mappings/{c}/{o}", "oa"},
    {"DELETE /v1/tenants/{t}/mappings/{c}/{o}", "oa"},
    {"POST /v1/tenants/{t}/mappings/{c}/{o}/run", "oapvu"},
    {"POST /v1/connectors/reload", "oa"},
    {"POST /v1/connectors/{c}/release", "oa"},
    {"POST /v1/apply", "oa"},
    {"GET /v1/tenants/{t}/events", "oapv"},
    {"GET /v1/tenants/{t}/events/{e}", "oapv"},
    {"GET /v1/tenants/{t}/events/{e}/timeline", "oapv"},
    {"POST /v1/tenants/{t}/events/{e}/replay", "oap"},
    {"GET /v1/tenants/{t}/deliveries", "oapv"},
    {"GET /v1/tenants/{t}/deliveries/{d}", "oapv"},
    {"POST /v1/tenants/{t}/deliveries/{d}/retry", "oap"},
    {"POST /v1/tenants/{t}/deliveries/{d}/discard", "oap"},
    {"GET /v1/tenants/{t}/dead-letters", "oapv"},
    {"POST /v1/tenants/{t}/dead-letters/replay", "oap"},
    {"GET /v1/tenants/{t}/dead-letters/causes", "oapv"},
    {"GET /v1/tenants/{t}/replays", "oapv"},
    {"POST /v1/tenants/{t}/replays", "oap"},
    {"GET /v1/tenants/{t}/replays/{p}", "oapv"},
    {"POST /v1/tenants/{t}/replays/{p}/cancel", "oap"},
    {"GET /v1/tenants/{t}/limits", "oapvu"},
    {"GET /v1/tenants/{t}/usage", "oapvu"},
    {"GET /v1/tenants/{t}/ledger", "oapvu"},
    {"GET /v1/tenants/{t}/secrets", "oau"},
    {"DELETE /v1/tenants/{t}/secrets", "oa"},
    {"GET /v1/tenants/{t}/integrations/{i}/secrets", "oau"},
    {"POST /v1/tenants/{t}/integrations/{i}/secrets", "oa"},
    {"DELETE /v1/tenants/{t}/integrations/{i}/secrets/{s}", "oa"},
    {"GET /v1/tenants/{t}/destinations/{n}/secrets", "oau"},
    {"POST /v1/tenants/{t}/destinations/{n}/secrets", "oa"},
    {"DELETE /v1/tenants/{t}/destinations/{n}/secrets/{s}", "oa"},
    {"POST /v1/tenants/{t}/keys/rotate", "oa"},
    {"GET /v1/keys", "oa"},
    {"POST /v1/keys/rotate", "oa"},
    {"GET /v1/audit", "oau"},
    {"GET /v1/tokens", "oau"},
    {"POST /v1/tokens", "o"},
    {"DELETE /v1/tokens/{k}", "o"},
};

std::string permittedOn(const Route& route) {
  const std::string name = std::string(route.method) + " " + std::string(route.pattern);
  for (const Expectation& expectation : kExpectations) {
    if (name == expectation.route) return expectation.permitted;
  }
  FAIL("no expectation for " << name);
  return "";
}

char letterOf(Role role) {
  return "oapvu"[static_cast<int>(role)];
}

bool isOpen(const Route& route) {
  return route.pattern == "/healthz" || route.pattern == "/readyz";
}

std::string targetOf(const Route& route, const std::string& tenant, AdminServer& server) {
  std::string target(route.pattern);
  const auto put = [&](const std::string& name, const std::string& value) {
    if (const size_t at = target.find(name); at != std::string::npos) {
      target.replace(at, name.size(), value);
    }
  };
  put("{t}", tenant);
  put("{e}", server.store(tenant, 1)[0].text());
  put("{d}", server.deliveries(tenant)[0]);
  put("{c}", "github");
  put("{i}", tenant + "-gh");
  put("{a}", "create_issue");
  put("{o}", "issue");
  put("{n}", "agent");
  put("{s}", "webhook");
  put("{k}", "tok_0000");
  put("{p}", "rpl_0000");
  put("{r}", "route");
  put("{v}", "0123456789ab");
  put("{o}", "contact");
  return target;
}

std::string bodyOf(const Route& route) {
  if (route.pattern == "/v1/apply") return R"({"tenants":[{"id":"acme"}]})";
  if (route.pattern == "/v1/tokens" && route.method == "POST") return R"({"role":"viewer"})";
  if (route.pattern.ends_with("/secrets") && route.method == "POST") {
    return R"({"field":"webhook","value":"s3cret"})";
  }
  if (route.pattern.ends_with("/integrations") && route.method == "POST") {
    return R"({"id":"new","connector":"github","webhook_secrets":["env:NEW"]})";
  }
  if (route.pattern.ends_with("/actions/{a}") && route.method == "POST") return R"({"params":{}})";
  if (route.pattern.ends_with("/versions") && route.method == "POST") {
    return R"({"source":"return 1"})";
  }
  if (route.pattern.ends_with("/replays") && route.method == "POST")
    return R"({"of":"events","preview":true})";
  const bool versioned = route.pattern.ends_with("/publish") || route.pattern.ends_with("/compare");
  if (versioned) return R"({"version":"0123456789ab"})";
  if (route.pattern.ends_with("/dry-run")) {
    return R"({"event":")" + junctor::EventId{{0x0190000000007000, 0x8000000000000001}}.text() +
           R"("})";
  }
  if (route.pattern.ends_with("/run")) return R"({"direction":"to_external","object":{}})";
  if (route.method == "PUT") return R"({"fields":{}})";
  if (route.body == junctor::admin::Body::Required) return R"({"all":true})";
  return "";
}

}  // namespace

TEST_CASE("every role can do exactly what its column says, on its own tenant") {
  AdminServer server;
  for (const Route& route : junctor::admin::routes()) {
    if (isOpen(route)) continue;
    const std::string permitted = permittedOn(route);
    const std::string target = targetOf(route, "acme", server);
    for (const Role role : junctor::admin::allRoles()) {
      for (const std::string tenant : {"", "acme"}) {
        const std::string token = server.token(role, tenant);
        const auto answer = server.call(std::string(route.method), target, token, bodyOf(route));
        bool may = permitted.find(letterOf(role)) != std::string::npos;
        // Metrics name all tenants; configuration names the server's own secrets and addresses.
        if (route.pattern == "/metrics" && !tenant.empty()) may = false;
        if (route.pattern == "/v1/apply" && !tenant.empty()) may = false;
        if (route.pattern.starts_with("/v1/keys") && !tenant.empty()) may = false;
        if (route.pattern == "/v1/audit" && !tenant.empty()) may = false;
        const bool creates = route.pattern.ends_with("/integrations") && route.method == "POST";
        if (creates && !tenant.empty()) may = false;
        // Connectors are everybody's.
        const bool connectors = route.pattern.starts_with("/v1/connectors/");
        if (connectors && route.method == "POST" && !tenant.empty()) may = false;
        INFO(route.method << " " << target << " as " << toString(role) << " of '" << tenant
                          << "': " << answer.status << " " << answer.body);
        if (may) {
          CHECK((answer.status < 300 || answer.status == 404));
        } else {
          CHECK(answer.status == 403);
        }
      }
    }
  }
}

TEST_CASE("another tenant does not exist for a tenant's token, whatever the role") {
  AdminServer server;
  for (const Route& route : junctor::admin::routes()) {
    if (route.pattern.find("{t}") == std::string_view::npos) continue;
    const std::string target = targetOf(route, "globex", server);
    for (const Role role : junctor::admin::allRoles()) {
      const auto answer =
          server.call(std::string(route.method), target, server.token(role, "acme"), bodyOf(route));
      INFO(route.method << " " << target << " as " << toString(role));
      CHECK(answer.status == 404);
      CHECK(parsed(answer)["detail"] == "there is no tenant 'globex'");
    }
  }
  CHECK(server.services.done.empty());
}

TEST_CASE("another tenant's events and deliveries are not found under the own tenant's path") {
  AdminServer server;
  const std::string event = server.store("globex", 1)[0].text();
  const std::string delivery = server.deliveries("globex")[0];
  const std::string token = server.token(Role::Owner, "acme");
  for (const std::string& path :
       {"/events/" + event, "/events/" + event + "/timeline", "/deliveries/" + delivery}) {
    CHECK(server.call("GET", "/v1/tenants/acme" + path, token).status == 404);
  }
  for (const std::string& path :
       {"/events/" + event + "/replay", "/deliveries/" + delivery + "/retry",
        "/deliveries/" + delivery + "/discard"}) {
    CHECK(server.call("POST", "/v1/tenants/acme" + path, token).status == 404);
  }
  CHECK(parsed(server.call("GET", "/v1/tenants/acme/events", token))["data"].empty());
  CHECK(parsed(server.call("GET", "/v1/tenants", token))["data"].size() == 1);
  CHECK(server.services.done.empty());
}

TEST_CASE("without a valid token every route but health and readiness answers 401") {
  AdminServer server;
  const std::string good = server.token(Role::Owner);
  for (const Route& route : junctor::admin::routes()) {
    const std::string target = targetOf(route, "acme", server);
    for (const std::string& token :
         {std::string(), std::string("jn_"), "jn_" + std::string(43, 'A'), good + "A",
          good.substr(0, good.size() - 1), std::string("Bearer"), std::string(10'000, 'x')}) {
      const auto answer = server.call(std::string(route.method), target, token, bodyOf(route));
      INFO(route.method << " " << target << " with '" << token.substr(0, 60) << "'");
      if (isOpen(route)) {
        CHECK(answer.status == 200);
        continue;
      }
      CHECK(answer.status == 401);
      CHECK(header(answer, "WWW-Authenticate").starts_with("Bearer"));
      CHECK(header(answer, "Content-Type") == "application/problem+json");
    }
  }
  CHECK(server.services.done.empty());
}

TEST_CASE("two Authorization headers are none") {
  AdminServer server;
  const auto answer = server.call("GET", "/v1/system", server.local(), "",
                                  {{"Authorization", "Bearer " + server.local()}});
  CHECK(answer.status == 401);
}

TEST_CASE("an unknown path is 401 without a token and 404 with one") {
  AdminServer server;
  CHECK(server.call("GET", "/v1/nothing", "").status == 401);
  CHECK(server.get("/v1/nothing").status == 404);
  CHECK(server.get("/v1/tenants/acme/").status == 404);
  CHECK(server.get("//v1/tenants").status == 404);
  CHECK(server.get("/v1/tenants/%zz").status == 404);
  const auto wrong_method = server.call("PUT", "/v1/tokens", server.local());
  CHECK(wrong_method.status == 405);
  CHECK(header(wrong_method, "Allow") == "GET, POST");
}

TEST_CASE("HEAD works where GET does, with the same rights") {
  AdminServer server;
  CHECK(server.call("HEAD", "/healthz", "").status == 200);
  CHECK(server.call("HEAD", "/readyz", "").status == 200);
  CHECK(server.call("HEAD", "/v1/tenants", server.local()).status == 200);
  CHECK(server.call("HEAD", "/v1/tenants", "").status == 401);
  CHECK(server.call("HEAD", "/v1/tokens", server.token(Role::Viewer)).status == 403);
  CHECK(server.call("HEAD", "/v1/apply", server.local()).status == 405);
}
