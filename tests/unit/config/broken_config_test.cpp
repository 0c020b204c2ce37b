// What a person sees who made one mistake: one line that names file, line and key path.
#include <catch2/catch.hpp>

#include "tenant_fixture.h"

using junctor::testing::TenantFixture;

namespace {

struct Mistake {
  const char* name;
  const char* yaml;
  const char* said;  // the whole line, or its start if it ends in "…"
};

void expectLine(const std::vector<std::string>& lines, const Mistake& mistake) {
  INFO(mistake.name);
  std::string wanted = mistake.said;
  REQUIRE(lines.size() == 1);
  if (wanted.ends_with("…")) {
    wanted.resize(wanted.size() - std::string("…").size());
    CHECK(lines[0].substr(0, wanted.size()) == wanted);
  } else {
    CHECK(lines[0] == wanted);
  }
}

const std::string kGood =
    "integrations:\n"
    "  - id: gh\n"
    "    connector: github\n"
    "    webhook_secrets: [env:S]\n";

const Mistake kIntegrationMistakes[] = {
    {"unknown key", "    conector: x\n",
     "integrations.yaml:5: integrations[0].conector: unknown key"},
    {"unknown key near a known one", "    setings: {}\n",
     "integrations.yaml:5: integrations[0].setings: unknown key; did you mean 'settings'?"},
    {"duplicate key", "    id: other\n",
     "integrations.yaml:5: integrations[0].id: duplicate key (first on line 2)"},
    {"duplicate key deep in settings", "    settings:\n      a: {x: 1, x: 2}\n",
     "integrations.yaml:6: integrations[0].settings.a.x: duplicate key (first on line 6)"},
    {"yes as boolean", "    unsigned: yes\n",
     "integrations.yaml:5: integrations[0].unsigned: must be true or false…"},
    {"a quoted boolean", "    enabled: \"true\"\n",
     "integrations.yaml:5: integrations[0].enabled: must be true or false without quotes"},
    {"octal number", "    body_bytes_max: 0123456\n",
     "integrations.yaml:5: integrations[0].body_bytes_max: has a leading zero…"},
    {"number out of range", "    body_bytes_max: 5\n",
     "integrations.yaml:5: integrations[0].body_bytes_max: must be from 1024 to 67108864"},
    {"text for a number", "    body_bytes_max: 1MB\n",
     "integrations.yaml:5: integrations[0].body_bytes_max: must be a whole number"},
    {"number beyond 64 bits", "    body_bytes_max: 99999999999999999999\n",
     "integrations.yaml:5: integrations[0].body_bytes_max: must be from 1024 to 67108864"},
    {"URL without scheme", "    public_url: example.com\n",
     "integrations.yaml:5: integrations[0].public_url: must start with http:// or https://"},
    {"settings that are no map", "    settings: fast\n",
     "integrations.yaml:5: integrations[0].settings: must be a map of keys"},
    {"ambiguous word in settings", "    settings: {strict: yes}\n",
     "integrations.yaml:5: integrations[0].settings.strict: is a boolean for some YAML readers…"},
    {"ambiguous number in settings", "    settings: {port: 012}\n",
     "integrations.yaml:5: integrations[0].settings.port: is octal for some YAML readers…"},
    {"key without value", "    public_url:\n",
     "integrations.yaml:5: integrations[0].public_url: has no value"},
    {"unsigned with secrets", "    unsigned: true\n",
     "integrations.yaml:5: integrations[0].unsigned: contradicts webhook_secrets…"},
    {"alias", "    settings: {a: &x 1, b: *x}\n",
     "integrations.yaml:5: integrations[0].settings.a: anchors (&name) are not read here…"},
    {"tag", "    public_url: !!python/object:os.system https://x\n",
     "integrations.yaml:5: integrations[0].public_url: tags (…"},
    {"the same id twice", "  - {id: gh, connector: slack, webhook_secrets: [env:T]}\n",
     "integrations.yaml:5: integrations[1].id: 'gh' is defined twice in this list"},
    {"missing required key", "  - {id: two, webhook_secrets: [env:T]}\n",
     "integrations.yaml:5: integrations[1].connector: is missing"},
    {"no secret at all", "  - {id: two, connector: slack}\n",
     "integrations.yaml:5: integrations[1].webhook_secrets: is missing: without it nothing…"},
    {"empty secret list", "  - {id: two, connector: slack, webhook_secrets: []}\n",
     "integrations.yaml:5: integrations[1].webhook_secrets: must name at least one secret"},
    {"secret list that is no list", "  - {id: two, connector: slack, webhook_secrets: env:T}\n",
     "integrations.yaml:5: integrations[1].webhook_secrets: must be a list, but is a single value"},
    {"bad environment reference", "  - {id: two, connector: slack, webhook_secrets: ['env:1 X']}\n",
     "integrations.yaml:5: integrations[1].webhook_secrets[0]: names no valid environment…"},
    {"the same secret twice", "  - {id: two, connector: s, webhook_secrets: [env:T, env:T]}\n",
     "integrations.yaml:5: integrations[1].webhook_secrets[1]: is listed twice"},
    {"id with a slash", "  - {id: a/b, connector: slack, webhook_secrets: [env:T]}\n",
     "integrations.yaml:5: integrations[1].id: may have letters, digits…"},
    {"an element that is no map", "  - github\n",
     "integrations.yaml:5: integrations[1]: must be a map of keys, but is a single value"},
    {"second document", "---\nx: 1\n", "integrations.yaml: more than one document…"},
    {"unknown top-level key", "integration: []\n",
     "integrations.yaml:5: integration: unknown key; did you mean 'integrations'?"},
};

const std::string kGoodDestination =
    "destinations:\n"
    "  - name: agent\n"
    "    url: https://agent.example/hook\n";

const Mistake kDestinationMistakes[] = {
    {"unknown type", "    type: htpp\n",
     "destinations.yaml:4: destinations[0].type: must be http or log; did you mean 'http'?"},
    {"wait without unit", "    retry: {schedule: [0s, 5]}\n",
     "destinations.yaml:4: destinations[0].retry.schedule[1]: must be a duration…"},
    {"wait that is too long", "    retry: {schedule: [8d]}\n",
     "destinations.yaml:4: destinations[0].retry.schedule[0]: must be at most 7d"},
    {"empty schedule", "    retry: {schedule: []}\n",
     "destinations.yaml:4: destinations[0].retry.schedule: must have at least one entry"},
    {"unknown key in retry", "    retry: {shedule: [0s]}\n",
     "destinations.yaml:4: destinations[0].retry.shedule: unknown key; did you mean 'schedule'?"},
    {"rate without a unit", "    rate_limit: 50\n",
     "destinations.yaml:4: destinations[0].rate_limit: must be a rate such as 50/s, 600/m or "
     "1000/h,"
     " at most 1000000"},
    {"rate of a day", "    rate_limit: 50/d\n",
     "destinations.yaml:4: destinations[0].rate_limit: must be a rate such as 50/s, 600/m or "
     "1000/h,"
     " at most 1000000"},
    {"timeout too long", "    timeout: 10m\n",
     "destinations.yaml:4: destinations[0].timeout: must be at most 2m"},
    {"mode", "    mode: binray\n",
     "destinations.yaml:4: destinations[0].mode: must be structured or binary; did you mean "
     "'binary'?"},
    {"a header of ours", "    headers: {Webhook-Id: x}\n",
     "destinations.yaml:4: destinations[0].headers.Webhook-Id: is a header that Junctor sets "
     "itself"},
    {"a header name with a space", "    headers: {\"X Y\": x}\n",
     "destinations.yaml:4: destinations[0].headers.X Y: is no valid header name"},
    {"a header with a line break", "    headers: {X: \"a\\r\\nb: c\"}\n",
     "destinations.yaml:4: destinations[0].headers.X: must not contain control characters"},
    {"a literal credential in a header", "    headers: {Authorization: Bearer abc}\n",
     "destinations.yaml:4: destinations[0].headers.Authorization: must be a reference…"},
    {"URL with password", "  - {name: b, url: 'https://u:p@x/'}\n",
     "destinations.yaml:4: destinations[1].url: must not carry a user name or password"},
    {"URL of another scheme", "  - {name: b, url: 'file:///etc/passwd'}\n",
     "destinations.yaml:4: destinations[1].url: must start with http:// or https://"},
    {"no URL", "  - {name: b}\n", "destinations.yaml:4: destinations[1].url: is missing"},
};

}  // namespace

TEST_CASE("each mistake in integrations.yaml is named with its line and key path") {
  for (const Mistake& mistake : kIntegrationMistakes) {
    TenantFixture folder;
    folder.write("integrations.yaml", kGood + mistake.yaml);
    expectLine(folder.load(), mistake);
  }
}

TEST_CASE("each mistake in destinations.yaml is named with its line and key path") {
  for (const Mistake& mistake : kDestinationMistakes) {
    TenantFixture folder;
    folder.write("destinations.yaml", kGoodDestination + mistake.yaml);
    expectLine(folder.load(), mistake);
  }
}

TEST_CASE("a literal secret is refused, explained and not repeated") {
  TenantFixture folder;
  folder.write("integrations.yaml",
               "integrations:\n"
               "  - {id: gh, connector: github, webhook_secrets: [hunter2-very-secret]}\n");
  const auto lines = folder.load();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("integrations[0].webhook_secrets[0]: must be a reference, env:NAME, "
                      "file:/path") != std::string::npos);
  CHECK(lines[0].find("hunter2") == std::string::npos);
}

TEST_CASE("all problems of all files are reported at once, in file order") {
  TenantFixture folder;
  folder.write("tenant.yaml", "id: acme corp\nnmae: x\n");
  folder.write("integrations.yaml",
               "integrations:\n"
               "  - {id: a, conector: github, webhook_secrets: [plain]}\n"
               "  - {id: b, connector: slack, unsigned: no}\n");
  folder.write("destinations.yaml", "destinations:\n  - {name: d, url: ftp://x, timeout: 5}\n");
  folder.write("integration.yaml", "");
  folder.write("route.lua", "");
  folder.write("rules/big.lua", std::string(70'000, ' '));
  const auto lines = folder.load();
  REQUIRE(lines.size() == 12);
  CHECK(lines[0].starts_with("tenant.yaml:1: id: "));
  CHECK(lines[1] == "tenant.yaml:2: nmae: unknown key; did you mean 'name'?");
  CHECK(lines[2] == "integrations.yaml:2: integrations[0].connector: is missing");
  CHECK(lines[3].starts_with("integrations.yaml:2: integrations[0].webhook_secrets[0]: "));
  CHECK(lines[4].starts_with("integrations.yaml:2: integrations[0].conector: unknown key; did"));
  CHECK(lines[5].starts_with("integrations.yaml:3: integrations[1].unsigned: "));
  CHECK(lines[6].starts_with("integrations.yaml:3: integrations[1].webhook_secrets: is missing"));
  CHECK(lines[7].starts_with("destinations.yaml:2: destinations[0].url: "));
  CHECK(lines[8].starts_with("destinations.yaml:2: destinations[0].timeout: "));
  CHECK(lines[9] == "rules/big.lua: a script may have at most 65536 bytes");
  CHECK(lines[10] ==
        "integration.yaml: unknown file in a tenant folder; did you mean 'integrations.yaml'?");
  CHECK(lines[11] == "route.lua: rule scripts belong into rules/, tests into tests/");
}

TEST_CASE("a syntax error is named with its line, and the other files are still checked") {
  TenantFixture folder;
  folder.write("integrations.yaml", "integrations:\n  - {id: a\n  b: ]\n");
  folder.write("destinations.yaml", "destinations: 5\n");
  const auto lines = folder.load();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("integrations.yaml:3: not valid YAML: "));
  CHECK(lines[1] == "destinations.yaml:1: destinations: must be a list");
}

TEST_CASE("deep nesting, too many values and too large files end in a problem, not in a crash") {
  TenantFixture folder;
  SECTION("200,000 brackets") {
    folder.write("integrations.yaml", "integrations: " + std::string(200'000, '['));
  }
  SECTION("40 levels") {
    folder.write("integrations.yaml",
                 "integrations: " + std::string(40, '[') + std::string(40, ']'));
  }
  SECTION("150,000 values") {
    std::string list = "integrations: [";
    for (int i = 0; i < 150'000; ++i) list += "1,";
    folder.write("integrations.yaml", list + "]");
  }
  SECTION("2 MiB") {
    folder.write("integrations.yaml", std::string(2 << 20, '#'));
  }
  SECTION("binary") {
    folder.write("integrations.yaml", std::string("a: \xff\xfe\0b", 8));
  }
  SECTION("indentation 200,000 deep") {
    std::string text;
    for (int i = 0; i < 1'000; ++i) text += std::string(i, ' ') + "a:\n";
    folder.write("integrations.yaml", text);
  }
  const auto lines = folder.load();
  REQUIRE(!lines.empty());
  CHECK(lines[0].starts_with("integrations.yaml"));
}
