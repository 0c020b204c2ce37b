#include "trust/capabilities.h"

#include <catch2/catch.hpp>

#include "base/json_value.h"
#include "trust/grants.h"

using namespace junctor;
using trust::Capabilities;
using trust::Grants;

namespace {

Result<Capabilities> read(const std::string& text) {
  const auto json = parseJson(text);
  REQUIRE(json);
  return trust::readCapabilities(*json, "capabilities");
}

Capabilities good(const std::string& text) {
  auto capabilities = read(text);
  INFO((capabilities ? "" : capabilities.error().message));
  REQUIRE(capabilities);
  return *capabilities;
}

std::string refusal(const std::string& text) {
  const auto capabilities = read(text);
  REQUIRE_FALSE(capabilities);
  return capabilities.error().message;
}

std::string hostRefusal(const std::string& host) {
  return refusal(dumpJson(Json{{"hosts", {host}}}));
}

Grants grants(const std::string& text, const std::string& settings = "{}") {
  auto made = Grants::make(good(text), settings);
  REQUIRE(made);
  return *made;
}

}  // namespace

TEST_CASE("a manifest that asks for nothing is granted nothing") {
  const Grants nothing;
  const Grants empty = grants("{}");
  for (const Grants& some : {nothing, empty}) {
    CHECK_FALSE(some.mayReach("api.acme.com"));
    CHECK_FALSE(some.mayUse("api", "api.acme.com"));
    CHECK_FALSE(some.maySee("signing"));
    CHECK(some.kvBytes() == 0);
  }
  CHECK(trust::describe(good("{}")).empty());
}

TEST_CASE("host patterns that would open too much are refused, each with its reason") {
  CHECK(hostRefusal("*") == "capabilities.hosts: \"*\" would allow every host: name them");
  for (const char* host : {"*.com", "com", "localhost", "{host}", "*.{shop}.acme.com"}) {
    INFO(host);
    CHECK_FALSE(hostRefusal(host).empty());
  }
  for (const char* host : {"10.0.0.1", "127.0.0.1", "169.254.169.254", "*.0.0.1"}) {
    INFO(host);
    CHECK_THAT(hostRefusal(host), Catch::EndsWith("must be a name, not an address"));
  }
  for (const char* host : {"db.internal", "printer.local", "*.svc.local", "a.localhost",
                           "1.0.0.127.in-addr.arpa", "router.lan"}) {
    INFO(host);
    CHECK_THAT(hostRefusal(host), Catch::Contains("private networks only"));
  }
  for (const char* host :
       {"", "API.acme.com", "api.acme.com.", "api.acme.com:443", "https://api.acme.com", "a..b.com",
        "-a.acme.com", "api.*.com", "api*.acme.com", "[::1]", "user@acme.com", "acme.com/path",
        "a_b.acme.com", "**.acme.com", ".acme.com", "{}.acme.com", "{a-b}.acme.com"}) {
    INFO(host);
    CHECK_FALSE(hostRefusal(host).empty());
  }
}

TEST_CASE("a wildcard allows what is below it and nothing beside it") {
  const Grants some = grants(R"({"hosts": ["api.acme.com", "*.acme.io"]})");
  CHECK(some.mayReach("api.acme.com"));
  CHECK(some.mayReach("API.ACME.COM"));
  CHECK(some.mayReach("eu.acme.io"));
  CHECK(some.mayReach("a.b.acme.io"));
  CHECK_FALSE(some.mayReach("acme.io"));
  CHECK_FALSE(some.mayReach("evilacme.io"));
  CHECK_FALSE(some.mayReach("eu.acme.io.evil.com"));
  CHECK_FALSE(some.mayReach("api.acme.com."));
  CHECK_FALSE(some.mayReach("x.api.acme.com"));
  CHECK_FALSE(some.mayReach("127.0.0.1"));
  CHECK_FALSE(some.mayReach(".acme.io"));
  CHECK_FALSE(some.mayReach("evil.com#.acme.io"));
}

TEST_CASE("a template is one label from the integration's settings") {
  const std::string asked = R"({"hosts": ["{shop}.acme.com"]})";
  const Grants some = grants(asked, R"({"shop": "Blue-1"})");
  CHECK(some.mayReach("blue-1.acme.com"));
  CHECK_FALSE(some.mayReach("red.acme.com"));
  for (const char* settings :
       {R"({"shop": ""})", R"({"shop": "evil.com/"})", R"({"shop": "a.b"})", R"({"shop": "*"})",
        R"({"shop": 7})", R"({"shop": "x.evil.com#"})"}) {
    INFO(settings);
    const auto made = Grants::make(good(asked), settings);
    REQUIRE_FALSE(made);
    CHECK_THAT(made.error().message, Catch::StartsWith("settings.shop: "));
  }
}

TEST_CASE("a template whose setting is not there allows nothing") {
  const std::string asked = R"({"hosts": ["{shop}.acme.com", "{base_url:url}"]})";
  for (const char* settings : {"{}", "[]", R"({"other": "blue"})"}) {
    const Grants some = grants(asked, settings);
    CHECK_FALSE(some.mayReach("acme.com"));
    CHECK_FALSE(some.mayReach("shop.acme.com"));
    CHECK_FALSE(some.mayReach("{shop}.acme.com"));
    CHECK_FALSE(some.mayReach("{base_url:url}"));
  }
}

TEST_CASE("a template may be the whole host of a URL in the settings") {
  const std::string asked = R"({"hosts": ["{base_url:url}"]})";
  const Grants some = grants(asked, R"({"base_url": "https://LLM.acme.com:8443/v1?x"})");
  CHECK(some.mayReach("llm.acme.com"));
  CHECK_FALSE(some.mayReach("acme.com"));
  for (const char* url : {"https://10.0.0.1/v1", "https://localhost/", "https://db.internal", "*",
                          "https://user@acme.com/", "http://acme.com/"}) {
    INFO(url);
    CHECK_FALSE(Grants::make(good(asked), R"({"base_url": ")" + std::string(url) + "\"}"));
  }
}

TEST_CASE("a private host is allowed by the operator's word alone, and it alone") {
  const std::string asked = R"({"hosts": ["{url:url}"], "protocols": ["redis"]})";
  for (const char* url : {"redis://10.0.0.1:6379", "redis://localhost", "redis://cache:6379/0"}) {
    INFO(url);
    const std::string settings = R"({"url": ")" + std::string(url) + "\"}";
    CHECK_FALSE(Grants::make(good(asked), settings));
    const auto made = Grants::make(good(asked), settings, true);
    REQUIRE(made);
    CHECK_FALSE(made->mayReach("10.0.0.2"));
    CHECK_FALSE(made->mayReach("acme.com"));
  }
  const auto made = Grants::make(good(asked), R"({"url": "redis://10.0.0.1:6379"})", true);
  CHECK(made->mayReach("10.0.0.1"));
  CHECK_FALSE(Grants::make(good(asked), R"({"url": "redis://a b/"})", true));
  // Hosts that the manifest itself names stay public ones.
  CHECK_FALSE(grants(R"({"hosts": ["api.acme.com"]})", "{}").mayReach("localhost"));
}

TEST_CASE("a protocol beside https is asked for, told, and is one that the host speaks") {
  const Capabilities some = good(R"({"hosts": ["{url:url}"], "protocols": ["nats"]})");
  CHECK(Grants::make(some, "{}")->maySpeak("nats"));
  CHECK_FALSE(Grants::make(some, "{}")->maySpeak("redis"));
  CHECK_THAT(trust::describe(some), Catch::VectorContains(std::string("protocol: nats")));
  CHECK(trust::widenings(some, some).empty());
  CHECK_FALSE(
      trust::readCapabilities(parseJson(R"({"protocols": ["telnet"]})").value(), "capabilities"));
}

TEST_CASE("a credential goes to its own hosts only") {
  const Grants some = grants(
      R"({"hosts": ["api.acme.com", "*.other.com"], "credentials": {"api": ["api.acme.com"]}})");
  CHECK(some.mayUse("api", "api.acme.com"));
  CHECK(some.mayReach("x.other.com"));
  CHECK_FALSE(some.mayUse("api", "x.other.com"));
  CHECK_FALSE(some.mayUse("other", "api.acme.com"));
  CHECK_THAT(
      refusal(R"({"hosts": ["a.acme.com"], "credentials": {"api": ["b.acme.com"]}})"),
      Catch::Contains("capabilities.credentials.api: \"b.acme.com\" is not among the hosts"));
  CHECK_THAT(refusal(R"({"hosts": ["a.acme.com"], "credentials": {"api": []}})"),
             Catch::Contains("must name the hosts"));
}

TEST_CASE("capabilities are read strictly") {
  CHECK(refusal(R"({"host": []})") == "capabilities.host: unknown key");
  CHECK(refusal(R"([])") == "capabilities: must be an object");
  CHECK_THAT(refusal(R"({"hosts": ["a.acme.com", "a.acme.com"]})"),
             Catch::Contains("is there twice"));
  CHECK_FALSE(refusal(R"({"kv": {"bytes": -1}})").empty());
  CHECK_FALSE(refusal(R"({"kv": 5})").empty());
  CHECK_FALSE(refusal(R"({"secrets": ["A b"]})").empty());
  CHECK_FALSE(refusal(R"({"secrets": ["a", "a"]})").empty());
  CHECK_FALSE(refusal(R"({"budget": {"memory_mib": 1}})").empty());
  CHECK_FALSE(refusal(R"({"budget": {"threads": 1}})").empty());
  CHECK_FALSE(refusal(R"({"credentials": {"Api": ["a.acme.com"]}})").empty());
  CHECK_FALSE(refusal(R"({"credentials": []})").empty());
}

TEST_CASE("capabilities survive being written and read again") {
  const Capabilities before = good(
      R"({"hosts": ["*.acme.com"], "credentials": {"api": ["api.acme.com"]}, "kv": {"bytes": 9},
          "secrets": ["signing"], "budget": {"memory_mib": 64, "requests": 2}})");
  CHECK(good(dumpJson(trust::toJson(before))) == before);
}

TEST_CASE("each thing more that an update asks for is named") {
  const Capabilities before = good(
      R"({"hosts": ["*.acme.com"], "credentials": {"api": ["*.acme.com"]}, "kv": {"bytes": 100},
          "secrets": ["a"], "budget": {"memory_mib": 64}})");
  CHECK(trust::widenings(before, before).empty());
  const Capabilities narrower = good(R"({"hosts": ["api.acme.com", "{shop}.acme.com"],
          "credentials": {"api": ["api.acme.com"]}, "budget": {"memory_mib": 32}})");
  CHECK(trust::widenings(before, narrower).empty());
  const Capabilities wider = good(
      R"({"hosts": ["*.acme.com", "acme.com"],
          "credentials": {"api": ["*.acme.com", "acme.com"], "other": ["acme.com"]},
          "kv": {"bytes": 101}, "secrets": ["a", "b"], "budget": {"memory_mib": 65}})");
  CHECK(trust::widenings(before, wider) ==
        std::vector<std::string>{"network: acme.com", "credential api: sent to acme.com",
                                 "credential other: sent to acme.com", "secret: reads b itself",
                                 "storage: up to 101 bytes", "memory: up to 65 MiB (was 64)"});
}
