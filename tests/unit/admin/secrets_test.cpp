// Secrets over the API: put, told by name, never given back.
#include <catch2/catch.hpp>

#include "admin_server.h"

using junctor::testing::AdminServer;
using junctor::testing::parsed;

namespace {

constexpr const char* kSecrets = "/v1/tenants/acme/integrations/acme-gh/secrets";

}  // namespace

TEST_CASE("a secret that was put is told by name and fingerprint and is not in any answer") {
  AdminServer server;
  const auto put = server.post(kSecrets, R"({"field":"webhook","value":"hunter2-s3cret"})");
  CHECK(put.status == 201);
  CHECK(put.body.find("hunter2") == std::string::npos);
  const auto list = server.get("/v1/tenants/acme/secrets");
  CHECK(list.body.find("hunter2") == std::string::npos);
  const auto item = parsed(list)["data"][0];
  CHECK(item["integration"] == "acme-gh");
  CHECK(item["field"] == "webhook");
  CHECK(item["fingerprint"] == parsed(put)["fingerprint"]);
  CHECK(server.services.done == std::vector<std::string>{"secrets changed"});
}

TEST_CASE("a secret of any bytes comes as base64") {
  AdminServer server;
  CHECK(server.post(kSecrets, R"({"field":"key","value_base64":"/wD/"})").status == 201);
  std::string value;
  const auto read = server.services.vault().withSecret(
      {"acme", "acme-gh", "key"}, [&](std::string_view bytes) -> junctor::Result<void> {
        value = bytes;
        return {};
      });
  REQUIRE(read.has_value());
  CHECK(value == std::string("\xff\0\xff", 3));
}

TEST_CASE("a destination's secret is not an integration's") {
  AdminServer server;
  const std::string path = "/v1/tenants/acme/destinations/agent/secrets";
  CHECK(server.post(path, R"({"field":"signing","value":"x"})").status == 201);
  CHECK(parsed(server.get(kSecrets))["data"].empty());
  CHECK(parsed(server.get(path))["data"][0]["destination"] == "agent");
}

TEST_CASE("a refused body is not repeated, whatever is wrong with it") {
  AdminServer server;
  for (const char* body :
       {R"({"field":"webhook","value":"hunter2)", R"({"field":"webhook","hunter2":"x"})",
        R"({"field":"webhook","value":hunter2})", R"({"field":"a b","value":"hunter2"})",
        R"({"field":"webhook","value":"hunter2","value_base64":"aHVudGVyMg=="})",
        R"({"field":"webhook","value_base64":"hunter2 is none"})", R"(["hunter2"])",
        R"({"value":"hunter2"})", R"({"field":"webhook"})", R"({"field":{"hunter2":1}})"}) {
    const auto answer = server.post(kSecrets, body);
    INFO(body << " -> " << answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.body.find("hunter2") == std::string::npos);
  }
  CHECK(server.services.done.empty());
}

TEST_CASE("an integration or destination that is not there has no secrets") {
  AdminServer server;
  const std::string body = R"({"field":"f","value":"v"})";
  CHECK(server.post("/v1/tenants/acme/integrations/globex-gh/secrets", body).status == 404);
  CHECK(server.post("/v1/tenants/acme/destinations/none/secrets", body).status == 404);
  CHECK(server.call("DELETE", std::string(kSecrets) + "/none", server.local()).status == 404);
}

TEST_CASE("keys rotate, and their state is told without them") {
  AdminServer server;
  CHECK(server.post("/v1/tenants/acme/keys/rotate").status == 404);  // no secrets, no key
  CHECK(server.post(kSecrets, R"({"field":"webhook","value":"x"})").status == 201);
  CHECK(parsed(server.post("/v1/tenants/acme/keys/rotate"))["changed"] == 1);
  CHECK(parsed(server.post("/v1/keys/rotate", R"({"retire":true})"))["retired"] == 1);
  CHECK(server.post("/v1/keys/rotate", R"({"retire":1})").status == 400);
  const auto status = parsed(server.get("/v1/keys"));
  CHECK(status["file_keys"].size() == 1);
  CHECK(status["tenant_keys"][0]["tenant"] == "acme");
  CHECK(status["unfinished"] == false);
}

TEST_CASE("shredding ends all of a tenant's secrets and nobody else's") {
  AdminServer server;
  CHECK(server.post(kSecrets, R"({"field":"webhook","value":"x"})").status == 201);
  CHECK(server
            .post("/v1/tenants/globex/integrations/globex-gh/secrets",
                  R"({"field":"webhook","value":"x"})")
            .status == 201);
  CHECK(server.call("DELETE", "/v1/tenants/acme/secrets", server.local()).status == 204);
  CHECK(parsed(server.get("/v1/tenants/acme/secrets"))["data"].empty());
  CHECK(parsed(server.get("/v1/tenants/globex/secrets"))["data"].size() == 1);
}
