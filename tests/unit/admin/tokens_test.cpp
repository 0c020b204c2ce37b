#include <catch2/catch.hpp>

#include "admin_server.h"
#include "crypto/hash.h"
#include "store/store.h"

using junctor::admin::Role;
using junctor::testing::AdminServer;
using junctor::testing::header;
using junctor::testing::parsed;

TEST_CASE("a token is shown once; only its hash is stored") {
  AdminServer server;
  const auto answer = server.post("/v1/tokens", R"({"role":"viewer","tenant":"acme"})");
  CHECK(answer.status == 201);
  CHECK(header(answer, "Cache-Control") == "no-store");
  const std::string token = parsed(answer)["token"];
  CHECK(token.size() == 3 + 43);
  CHECK(token.starts_with("jn_"));
  const auto stored = server.services.store().tokens();
  REQUIRE(stored->size() == 1);
  CHECK((*stored)[0].sha256_hex == junctor::crypto::sha256Hex(token));
  CHECK((*stored)[0].role == "viewer");
  const auto list = server.get("/v1/tokens");
  CHECK(list.body.find(token) == std::string::npos);
  CHECK(list.body.find((*stored)[0].sha256_hex) == std::string::npos);
  CHECK(server.call("GET", "/v1/tenants/acme/events", token).status == 200);
}

TEST_CASE("a revoked token and an expired one open nothing") {
  AdminServer server;
  const auto made = parsed(server.post("/v1/tokens", R"({"role":"owner"})"));
  const std::string token = made["token"], id = made["id"];
  CHECK(server.call("GET", "/v1/system", token).status == 200);
  CHECK(server.call("DELETE", "/v1/tokens/" + id, server.local()).status == 204);
  CHECK(server.call("GET", "/v1/system", token).status == 401);
  CHECK(server.call("DELETE", "/v1/tokens/" + id, server.local()).status == 404);

  const int64_t soon = server.services.clock_.unixMs() + 60'000;
  const auto brief = parsed(server.post(
      "/v1/tokens", R"({"role":"viewer","expires_at":")" + junctor::formatRfc3339(soon) + "\"}"));
  const std::string short_lived = brief["token"];
  CHECK(server.call("GET", "/v1/system", short_lived).status == 200);
  server.services.clock_.pass(std::chrono::minutes(1));
  CHECK(server.call("GET", "/v1/system", short_lived).status == 401);
}

TEST_CASE("an owner of one tenant gives, sees and takes access to that tenant only") {
  AdminServer server;
  const std::string other = parsed(server.post("/v1/tokens", R"({"role":"viewer"})"))["id"];
  const std::string owner = server.token(Role::Owner, "acme");
  const auto own = server.call("POST", "/v1/tokens", owner, R"({"role":"admin"})");
  CHECK(own.status == 201);
  CHECK(parsed(own)["tenant"] == "acme");
  CHECK(server.call("POST", "/v1/tokens", owner, R"({"role":"admin","tenant":"globex"})").status ==
        403);
  const auto seen = parsed(server.call("GET", "/v1/tokens", owner));
  for (const auto& token : seen["data"]) {
    CHECK(token["tenant"] == "acme");
  }
  CHECK(server.call("DELETE", "/v1/tokens/" + other, owner).status == 404);
}

TEST_CASE("a token asked for wrongly is not made") {
  AdminServer server;
  for (const char* body :
       {R"({})", R"({"role":"king"})", R"({"role":5})", R"({"role":"viewer","tenant":"nobody"})",
        R"({"role":"viewer","expires_at":"yesterday"})",
        R"({"role":"viewer","expires_at":"2020-01-01T00:00:00Z"})",
        R"({"role":"viewer","colour":"red"})", R"([])", R"({"role":"viewer")", ""}) {
    INFO(body);
    const auto answer = server.post("/v1/tokens", body);
    CHECK(answer.status == 400);
    CHECK(header(answer, "Content-Type") == "application/problem+json");
  }
  CHECK(server.services.store().tokens()->empty());
}

TEST_CASE("each start has a local token of its own") {
  AdminServer one, two;
  CHECK(one.local() != two.local());
  CHECK(two.call("GET", "/v1/system", one.local()).status == 401);
}
