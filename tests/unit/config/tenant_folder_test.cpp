#include <catch2/catch.hpp>

#include "tenant_fixture.h"

using junctor::Destination;
using junctor::Integration;
using junctor::testing::TenantFixture;
using namespace std::chrono_literals;
using Lines = std::vector<std::string>;
using Schedule = std::vector<std::chrono::milliseconds>;

TEST_CASE("a full tenant folder is read as written") {
  TenantFixture folder;
  folder.write("tenant.yaml", "id: acme\nname: Acme, Inc.\n");
  folder.write("integrations.yaml", R"(
integrations:
  - id: acme-github
    connector: github
    webhook_secrets: [env:GH_NEW, file:secrets/gh-old]
    settings: {branches: [main, "012"], depth: 3, ratio: 0.5, strict: true, none: null,
               id: 9007199254740993}
    public_url: https://hooks.acme.example/base
    enabled: false
    body_bytes_max: 2097152
  - id: open
    connector: generic
    unsigned: true
)");
  folder.write("destinations.yaml", R"(
destinations:
  - name: agent
    type: http
    url: http://127.0.0.1:9000/hook
    signing_secrets: [env:A, env:B]
    allow_private: true
    retry:
      schedule:
        - 0s
        - 90s
    headers: {X-Team: blue, Authorization: env:AGENT_TOKEN, X-Key: file:key}
    timeout: 1500ms
    mode: binary
  - {name: audit, type: log}
)");
  folder.write("rules/b.lua", "return 2");
  folder.write("rules/a.lua", "return 1");
  folder.write("rules/notes.txt", "left alone");
  folder.write("tests/a_test.lua", "left alone");
  folder.write("README.md", "left alone");
  CHECK(folder.load() == Lines{});

  const junctor::Tenant& tenant = folder.tenant;
  CHECK(tenant.id == "acme");
  CHECK(tenant.name == "Acme, Inc.");
  const Integration& github = tenant.integrations.at("acme-github");
  CHECK(github.tenant == "acme");
  REQUIRE(github.webhook_secrets.size() == 2);
  CHECK(github.webhook_secrets[0].text == "env:GH_NEW");
  CHECK(github.webhook_secrets[1].text == "file:" + folder.path() + "/secrets/gh-old");
  CHECK(github.settings_json ==
        R"({"branches":["main","012"],"depth":3,"ratio":0.5,"strict":true,"none":null,)"
        R"("id":9007199254740993})");
  CHECK(github.public_url == "https://hooks.acme.example/base");
  CHECK_FALSE(github.enabled);
  CHECK(github.body_bytes_max == 2097152);
  CHECK(tenant.integrations.at("open").unsigned_ok);

  const Destination& agent = tenant.destinations.at("agent");
  CHECK(agent.tenant == "acme");
  CHECK(agent.allow_private);
  CHECK(agent.retry.schedule == Schedule{0s, 90s});
  CHECK(agent.headers.at(1).second == "env:AGENT_TOKEN");
  CHECK(agent.headers.at(2).second == "file:" + folder.path() + "/key");
  CHECK(agent.timeout == 1500ms);
  CHECK(agent.binary_mode);
  CHECK(tenant.destinations.at("audit").type == "log");

  REQUIRE(tenant.rules.size() == 2);
  CHECK(tenant.rules[0].name == "a");
  CHECK(tenant.rules[0].source == "return 1");
  CHECK(tenant.rules[0].version == "486d9affb60d");  // printf 'return 1' | sha256sum
}

TEST_CASE("both list forms and both spellings of a schedule mean the same") {
  for (const char* schedule :
       {"{schedule: [\"0s\", \"5s\", \"5m\"]}", "{schedule: [0, 5000ms, 300s]}",
        "\n      schedule:\n        - 0s\n        - 5s\n        - 5m"}) {
    TenantFixture folder;
    folder.write("destinations.yaml", std::string("destinations:\n  - name: a\n"
                                                  "    url: https://a.example\n    retry: ") +
                                          schedule + "\n");
    CHECK(folder.load() == Lines{});
    CHECK(folder.tenant.destinations.at("a").retry.schedule == Schedule{0s, 5s, 5min});
  }
}

TEST_CASE("without a schedule the default one is set") {
  TenantFixture folder;
  folder.write("destinations.yaml", "destinations: [{name: a, url: https://a.example}]\n");
  CHECK(folder.load() == Lines{});
  CHECK(folder.tenant.destinations.at("a").retry.schedule ==
        Schedule{0s, 5s, 5min, 30min, 2h, 5h, 10h, 10h});
}

TEST_CASE("text stays what was written, whatever YAML 1.1 would make of it") {
  TenantFixture folder;
  folder.write("tenant.yaml", "id: 012\nname: no\n");
  CHECK(folder.load() == Lines{});
  CHECK(folder.tenant.id == "012");
  CHECK(folder.tenant.name == "no");
}

TEST_CASE("without tenant.yaml the folder's name is the tenant's id") {
  TenantFixture folder;
  folder.write("acme/integrations.yaml", "integrations: []\n");
  folder.write("globex/tenant.yaml", "id: globex-eu\n");
  CHECK(folder.loadAll() == Lines{});
  REQUIRE(folder.tenants.size() == 2);
  CHECK(folder.tenants[0].id == "acme");
  CHECK(folder.tenants[1].id == "globex-eu");
}

TEST_CASE("tenants and webhook ids are unique over all folders") {
  TenantFixture folder;
  const char* integrations =
      "integrations: [{id: gh, connector: github, webhook_secrets: [env:S]}]";
  folder.write("a/integrations.yaml", integrations);
  folder.write("b/integrations.yaml", integrations);
  folder.write("b/tenant.yaml", "id: a\n");
  const auto lines = folder.loadAll();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("b: id: tenant 'a' is also in "));
  CHECK(lines[1].starts_with("b/integrations.yaml: integrations: id 'gh' is also used in "));
}

TEST_CASE("a folder without any tenant and a folder that is none are problems") {
  TenantFixture folder;
  CHECK(folder.loadAll().size() == 1);
  junctor::config::Problems problems;
  CHECK(junctor::config::loadTenants(folder.path() + "/nowhere", problems).empty());
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].file == folder.path() + "/nowhere");
}

TEST_CASE("an integrations file without its list is a problem, an empty file too") {
  TenantFixture folder;
  folder.write("integrations.yaml", "{}\n");
  CHECK(folder.load() == Lines{"integrations.yaml:1: integrations: is missing"});
}

TEST_CASE("a connector that does not exist is named, with the nearest one that does") {
  TenantFixture folder;
  folder.write("integrations.yaml",
               "integrations:\n  - {id: a, connector: githup, webhook_secrets: [env:S]}\n");
  junctor::config::Problems problems;
  (void)junctor::config::loadTenantFolder(folder.path(), problems, {"github", "slack"});
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].path == "integrations[0].connector");
  CHECK(problems[0].text == "there is no connector 'githup'; did you mean 'github'?");
}

TEST_CASE("the demo tenant loads") {
  junctor::config::Problems problems;
  const auto tenants =
      junctor::config::loadTenants(std::string(JUNCTOR_SOURCE_DIR) + "/config/tenants", problems);
  for (const auto& problem : problems) CHECK(junctor::config::format(problem) == "");
  REQUIRE(tenants.size() == 1);
  CHECK(tenants[0].id == "demo");
  CHECK(tenants[0].integrations.size() == 5);
  CHECK(tenants[0].destinations.at("agent").allow_private);
}
