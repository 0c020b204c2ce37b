#include <catch2/catch.hpp>

#include "base/json_value.h"
#include "tenant_fixture.h"

using junctor::parseJson;
using junctor::config::tenantFromJson;
using junctor::config::tenantToJson;
using junctor::testing::TenantFixture;

TEST_CASE("a tenant travels through JSON without loss") {
  TenantFixture folder;
  folder.write("tenant.yaml", R"(id: acme
name: Acme
limits: {llm: {tokens_per_day: 5000, money_per_day: 2.50, prices: {
  gpt-4o-mini: {input: 0.15, output: "0.6"}}}}
)");
  folder.write("integrations.yaml", R"(
integrations:
  - {id: a, connector: github, webhook_secrets: [env:X, file:s], settings: {n: [1, "x"]},
     public_url: https://h.example, enabled: false, body_bytes_max: 4096}
  - {id: b, connector: generic, unsigned: true}
)");
  folder.write("destinations.yaml", R"(
destinations:
  - {name: d, url: https://d.example/x, signing_secrets: [env:Y], allow_private: true,
     retry: {schedule: [0s, 1500ms, 90s, 1h, 1d]}, headers: {X-A: b}, timeout: 2s, mode: binary,
     concurrency: 8, rate_limit: 600/m}
  - {name: l, type: log}
)");
  folder.write("rules/r.lua", "return jn.route { rules = {} } -- \"quotes\" \\ é\n");
  REQUIRE(folder.load().empty());

  const std::string text = junctor::dumpJson(tenantToJson(folder.tenant));
  const auto back = tenantFromJson(*parseJson(text));
  REQUIRE(back.has_value());
  CHECK(junctor::dumpJson(tenantToJson(*back)) == text);
  CHECK(back->quotas.llm.tokens_per_day == 5000);
  CHECK(back->quotas.llm.money_micros_per_day == 2'500'000);
  CHECK(back->quotas.llm_prices.at("gpt-4o-mini").input_micros == 150'000);
  CHECK(back->quotas.llm_prices.at("gpt-4o-mini").output_micros == 600'000);
  CHECK(back->integrations.at("a").settings_json == R"({"n":[1,"x"]})");
  CHECK(back->destinations.at("d").retry.schedule ==
        folder.tenant.destinations.at("d").retry.schedule);
  CHECK(back->destinations.at("d").timeout == std::chrono::seconds(2));
  CHECK(back->destinations.at("d").concurrency == 8);
  CHECK(back->destinations.at("d").rate.text() == "600/m");
  CHECK(back->rules.at(0).source == folder.tenant.rules.at(0).source);
  CHECK(back->rules.at(0).tenant == "acme");
}

TEST_CASE("a tenant from outside is checked like a file, all problems at once") {
  const auto tenant = tenantFromJson(*parseJson(R"({
    "id": "a b", "colour": "red",
    "integrations": [{"id": "x", "connector": "github", "webhook_secrets": ["s3cret"]}],
    "destinations": [{"name": "d", "url": "https://x", "allow_private": "true"}],
    "rules": [{"name": "r", "source": "return 1", "version": "000000000000"}, {"name": "r"}]})"));
  REQUIRE_FALSE(tenant.has_value());
  const std::string text = tenant.error().message;
  for (const char* part :
       {"id: may have", "colour: unknown key", "webhook_secrets[0]: must be a ref",
        "allow_private: must be true or false", "version: is not the hash", "'r' is there twice"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(text.find("s3cret") == std::string::npos);
}

TEST_CASE("JSON of another shape is refused") {
  for (const char* text : {"[]", "1", "null", "{}", R"({"id":5})", R"({"id":"a","rules":{}})",
                           R"({"id":"a","integrations":[[]]})"}) {
    INFO(text);
    const auto tenant = tenantFromJson(*parseJson(text));
    CHECK(tenant.has_value() == (std::string(text) == R"({"id":5})"));
  }
}

TEST_CASE("a budget for models is an amount, and money needs prices") {
  TenantFixture folder;
  for (const auto& [limits, problem] :
       {std::pair{"{money_per_day: 5}", "money_per_day: needs prices"},
        std::pair{"{money_per_day: 0.1234567, prices: {m: {input: 1}}}", "at most 6 digits"},
        std::pair{"{money_per_day: -1, prices: {m: {input: 1}}}", "money_per_day"},
        std::pair{"{tokens_per_day: 0}", "tokens_per_day"}, std::pair{"{tokens: 5}", "unknown key"},
        std::pair{"{prices: [m]}", "must be a map of models"}}) {
    folder.write("tenant.yaml", std::string("id: acme\nlimits: {llm: ") + limits + "}\n");
    const auto problems = folder.load();
    INFO(limits);
    REQUIRE(!problems.empty());
    INFO(problems.front());
    CHECK(problems.front().find(problem) != std::string::npos);
  }
}
