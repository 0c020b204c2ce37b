// The API's description against the route table and against itself.
#include <catch2/catch.hpp>
#include <set>

#include "admin/route.h"
#include "admin_server.h"
#include "base/bytes.h"

using junctor::Json;
using junctor::testing::AdminServer;
using junctor::testing::parsed;

namespace {

void collectReferences(const Json& node, std::set<std::string>& out) {
  if (node.is_object()) {
    for (const auto& [key, value] : node.items()) {
      if (key == "$ref") out.insert(value.get<std::string>());
      collectReferences(value, out);
    }
  } else if (node.is_array()) {
    for (const Json& item : node) collectReferences(item, out);
  }
}

std::set<std::string> namesIn(const Json& operation, const std::string& in) {
  std::set<std::string> names;
  for (const Json& parameter : operation.value("parameters", Json::array())) {
    if (parameter["in"] == in) names.insert(parameter["name"].get<std::string>());
  }
  return names;
}

std::set<std::string> placeholders(std::string_view pattern) {
  std::set<std::string> names;
  for (size_t at = pattern.find('{'); at != std::string_view::npos;
       at = pattern.find('{', at + 1)) {
    names.emplace(pattern.substr(at + 1, pattern.find('}', at) - at - 1));
  }
  return names;
}

}  // namespace

TEST_CASE("the description has every route and no other, with its parameters") {
  AdminServer server;
  const Json api = parsed(server.get("/v1/openapi.json"));
  CHECK(api["openapi"] == "3.1.0");
  CHECK(api["info"]["version"] == "1.2.3");
  size_t described = 0;
  for (const auto& [path, operations] : api["paths"].items()) described += operations.size();
  CHECK(described == junctor::admin::routes().size());
  for (const auto& route : junctor::admin::routes()) {
    INFO(route.method << " " << route.pattern);
    const Json& operation =
        api["paths"][std::string(route.pattern)][junctor::lowerAscii(route.method)];
    REQUIRE(operation.is_object());
    CHECK(operation["responses"].contains(std::to_string(route.status)));
    CHECK(namesIn(operation, "path") == placeholders(route.pattern));
    CHECK(namesIn(operation, "query") ==
          std::set<std::string>(route.query.begin(), route.query.end()));
    CHECK(operation.contains("requestBody") == (route.body != junctor::admin::Body::None));
  }
}

TEST_CASE("every reference in the description leads somewhere, every parameter is explained") {
  AdminServer server;
  const Json api = parsed(server.get("/v1/openapi.json"));
  std::set<std::string> references;
  collectReferences(api, references);
  CHECK(references.size() >= 5);
  for (const std::string& reference : references) {
    INFO(reference);
    CHECK(api.contains(Json::json_pointer(reference.substr(1))));
  }
  for (const auto& [path, operations] : api["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      for (const Json& parameter : operation.value("parameters", Json::array())) {
        INFO(path << " " << parameter["name"]);
        CHECK(parameter.contains("description"));
      }
    }
  }
}

TEST_CASE("what is answered has the members that the description names") {
  AdminServer server;
  const Json api = parsed(server.get("/v1/openapi.json"));
  const auto event = server.store("acme", 1)[0].text();
  const auto check = [&](const std::string& schema, const Json& answer) {
    for (const auto& [name, type] : api["components"]["schemas"][schema]["properties"].items()) {
      INFO(schema << "." << name);
      CHECK(answer.contains(name));
    }
  };
  check("Event", parsed(server.get("/v1/tenants/acme/events/" + event)));
  check("Delivery",
        parsed(server.get("/v1/tenants/acme/deliveries/" + server.deliveries("acme")[0])));
  check("Ledger", parsed(server.get("/v1/tenants/acme/ledger")));
  check("Page", parsed(server.get("/v1/tenants/acme/events")));
  check("Token", parsed(server.post("/v1/tokens", R"({"role":"viewer"})")));
  check("ApplyReport", parsed(server.post("/v1/apply", R"({"tenants":[{"id":"acme"}]})")));
  check("RetryReport",
        parsed(server.post("/v1/tenants/acme/dead-letters/replay", R"({"all":true})")));
}
