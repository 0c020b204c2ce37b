#include <catch2/catch.hpp>

#include "admin_server.h"

using junctor::admin::Role;
using junctor::testing::AdminServer;
using junctor::testing::header;
using junctor::testing::parsed;
using Done = std::vector<std::string>;

namespace {

const std::string kAcme =
    R"({"id":"acme","destinations":[{"name":"d","url":"https://d.example"}]})";

std::string tenants(const std::string& list) {
  return R"({"tenants":[)" + list + "]}";
}

}  // namespace

TEST_CASE("tenants reach the server as they were sent; a dry run says so") {
  AdminServer server;
  server.services.report.changes = {"acme: destination d added"};
  const auto answer = server.post("/v1/apply", tenants(kAcme));
  CHECK(answer.status == 200);
  CHECK(parsed(answer)["changes"][0] == "acme: destination d added");
  CHECK(parsed(answer)["dry_run"] == false);
  REQUIRE(server.services.applied.size() == 1);
  CHECK(server.services.applied[0].destinations.at("d").url == "https://d.example");
  CHECK(parsed(server.post("/v1/apply?dry_run=true", tenants(kAcme)))["dry_run"] == true);
  CHECK(server.services.done == Done{"apply acme", "dry acme"});
  CHECK(server.post("/v1/apply?dry_run=yes", tenants(kAcme)).status == 400);
}

TEST_CASE("what is wrong with any tenant is told for all of them, and nothing is applied") {
  AdminServer server;
  const auto answer = server.post(
      "/v1/apply", tenants(kAcme + R"(,{"id":"b c"},{"id":"d","rules":[{"nme":"x"}]})"));
  CHECK(answer.status == 422);
  CHECK(header(answer, "Content-Type") == "application/problem+json");
  CHECK(parsed(answer)["errors"].size() == 2);
  CHECK(server.post("/v1/apply", tenants(kAcme + "," + kAcme)).status == 422);
  CHECK(server.services.done.empty());
}

TEST_CASE("the server's own refusal is 422 with its reasons") {
  AdminServer server;
  server.services.report.problems = {"acme: one", "acme: two"};
  const auto answer = server.post("/v1/apply", tenants(kAcme));
  CHECK(answer.status == 422);
  CHECK(parsed(answer)["errors"][1]["detail"] == "acme: two");
}

TEST_CASE("bodies of another shape are refused") {
  AdminServer server;
  for (const char* body : {"", "{}", "[]", R"({"tenants":{}})", R"({"tenants":[]})",
                           R"({"tenants":[{"id":"a"}],"force":true})"}) {
    INFO(body);
    CHECK(server.post("/v1/apply", body).status == 400);
  }
  CHECK(server.post("/v1/apply", tenants("5")).status == 422);
}

TEST_CASE("a token of one tenant changes nothing, not even its own tenant") {
  AdminServer server;
  for (const Role role : {Role::Owner, Role::Admin}) {
    const std::string token = server.token(role, "acme");
    for (const char* target : {"/v1/apply", "/v1/apply?dry_run=true"}) {
      const auto answer = server.call("POST", target, token, tenants(kAcme));
      CHECK(answer.status == 403);
      CHECK(header(answer, "Content-Type") == "application/problem+json");
      CHECK(parsed(answer)["detail"] ==
            "apply needs a token for all tenants; this one is for tenant 'acme' only");
    }
  }
  CHECK(server.services.done.empty());
}

TEST_CASE("many tenants with their scripts fit into one call") {
  AdminServer server;
  std::string list;
  for (int i = 0; i < 100; ++i) {
    list += (i ? "," : "") + std::string(R"({"id":"t)") + std::to_string(i) +
            R"(","rules":[{"name":"r","source":")" + std::string(30'000, 'x') + "\"}]}";
  }
  CHECK(server.post("/v1/apply", tenants(list)).status == 200);
  CHECK(server.services.done.size() == 100);
}
