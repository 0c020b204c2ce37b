// Manifests as data: what they say, and what is refused with which words.
#include "base/bytes.h"
#include "support/temp_folder.h"
#include "unit/plugin/elf_builder.h"
#include "unit/plugin/plugin_house.h"

namespace junctor::testing {
namespace {

constexpr const char* kGood = R"({
  "id": "x", "name": "X", "version": "1", "license": "MIT", "summary": "s", "runtime": "c",
  "abi": {"major": 1}, "interfaces": ["junctor.webhook/1"],
  "webhook": {
    "signature": {"from": "settings", "default": {"header": "X-Sig"}},
    "delivery_key": ["header:X-Id", "query:d", "/a/b", "c.d"], "delivery_key_from": "settings",
    "handshake": {"kind": "query-echo", "query": "challenge", "content_type": "text/html"},
    "body": "form", "success": {"status": 204}, "events": ["a.*", "b"],
    "samples": [{"event": "b", "file": "b.json", "headers": {"K": "{uuid}"}, "fresh": ["/id"]}]
  }})";

Result<plugin::Manifest> read(const std::string& json) {
  const TempFolder folder;
  return plugin::readManifest(folder.write("x.so", elfWithNote(json)));
}

// kGood with one part replaced.
std::string refusal(const std::string& part, const std::string& with) {
  std::string json = kGood;
  const size_t at = json.find(part);
  REQUIRE(at != std::string::npos);
  json.replace(at, part.size(), with);
  const auto manifest = read(json);
  REQUIRE_FALSE(manifest);
  CHECK(manifest.error().code == ErrorCode::InvalidArgument);
  return manifest.error().message;
}

}  // namespace

TEST_CASE("a signature that only the connector can check is named custom") {
  std::string json = kGood;
  const std::string scheme = R"({"from": "settings", "default": {"header": "X-Sig"}})";
  json.replace(json.find(scheme), scheme.size(),
               R"({"algorithm": "custom", "headers": ["X-Mark"]}, "reply_from": "connector")");
  const auto manifest = read(json);
  if (!manifest) FAIL(describe(manifest.error()));
  CHECK(manifest->signature_custom);
  CHECK_FALSE(manifest->signature);
  CHECK(manifest->signature_headers == std::vector<std::string>{"X-Mark"});
  CHECK(manifest->replies);
  CHECK(refusal(scheme, R"({"algorithm": "custom", "header": "X"})") ==
        "manifest: webhook.signature.header: unknown key");
  CHECK(refusal(R"("body": "form")", R"("body": "form", "reply_from": "host")") ==
        "manifest: webhook.reply_from: must be \"connector\"");
}

TEST_CASE("a connector's id passes for no word of the host") {
  CHECK(refusal(R"("id": "x")", R"("id": "connector-crash")") ==
        "manifest: id: must not begin with connector-");
}

TEST_CASE("a manifest is read whole") {
  const auto manifest = read(kGood);
  if (!manifest) FAIL(describe(manifest.error()));
  CHECK(manifest->id == "x");
  CHECK(manifest->abi_major == 1);
  CHECK(manifest->abi_min_minor == 0);
  CHECK(manifest->interfaces == std::vector<std::string>{"junctor.webhook/1"});
  CHECK(manifest->signature_from_settings);
  REQUIRE(manifest->signature);
  CHECK(manifest->signature->header == "X-Sig");
  REQUIRE(manifest->delivery_key.size() == 4);
  CHECK(manifest->delivery_key[0].header == "X-Id");
  CHECK(manifest->delivery_key[1].query == "d");
  CHECK(manifest->delivery_key[2].json == "/a/b");
  CHECK(manifest->delivery_key[3].json == "/c/d");
  CHECK(manifest->delivery_key_from_settings);
  CHECK(manifest->handshake.kind == plugin::HandshakeKind::QueryEcho);
  CHECK(manifest->handshake.query == "challenge");
  CHECK(manifest->handshake.content_type == "text/html");
  CHECK(manifest->body == plugin::BodyKind::Form);
  CHECK(manifest->success_status == 204);
  CHECK(manifest->events == std::vector<std::string>{"a.*", "b"});
  REQUIRE(manifest->samples.size() == 1);
  CHECK(manifest->samples[0].headers == Headers{{"K", "{uuid}"}});
  CHECK(manifest->samples[0].fresh == std::vector<std::string>{"/id"});
  CHECK(manifest->json == kGood);
}

TEST_CASE("what is wrong is named by its path") {
  CHECK(refusal("\"name\"", "\"nam\"") == "manifest: nam: unknown key");
  CHECK(refusal("\"id\": \"x\"", "\"id\": \"X y\"") ==
        "manifest: id: must be lower-case letters, digits, '-' and '.'");
  CHECK(refusal("\"version\": \"1\"", "\"version\": 1") == "manifest: version: must be a string");
  CHECK(refusal("\"license\": \"MIT\", ", "") == "manifest: license: is required");
  CHECK(refusal("{\"major\": 1}", "{}") == "manifest: abi.major: is required");
  CHECK(refusal("{\"major\": 1}", "{\"major\": -1}") ==
        "manifest: abi.major: must be an integer from 1 to 1000");
  CHECK(refusal("[\"junctor.webhook/1\"]", "[7]") ==
        "manifest: interfaces: must be a list of strings");
  CHECK(refusal("\"from\": \"settings\"", "\"from\": \"moon\"") ==
        "manifest: webhook.signature.from: must be \"settings\"");
  CHECK(refusal("{\"header\": \"X-Sig\"}", "{\"header\": \"X-Sig\", \"x\": 1}") ==
        "manifest: webhook.signature.default: signature.x: unknown key");
  CHECK(refusal("\"c.d\"", "\"\"").starts_with("manifest: webhook.delivery_key: \"\" is no place"));
  CHECK(refusal("query-echo", "telepathy") ==
        "manifest: webhook.handshake.kind: must be json-echo or query-echo");
  CHECK(refusal("\"query\": \"challenge\"", "\"echo\": \"/x\"") ==
        "manifest: webhook.handshake.query: is required");
  CHECK(refusal("\"body\": \"form\"", "\"body\": \"soup\"") ==
        "manifest: webhook.body: must be json, form, xml or any");
  CHECK(refusal("204", "302") ==
        "manifest: webhook.success.status: must be an integer from 200 to 299");
  CHECK(refusal("[\"a.*\", \"b\"]", "[]") ==
        "manifest: webhook.events: must name at least one type");
  CHECK(refusal("b.json", "../../etc/passwd") ==
        "manifest: webhook.samples[0].file: must be a plain file name");
  CHECK(refusal("\"{uuid}\"", "1") ==
        "manifest: webhook.samples[0].headers: values must be strings");
  CHECK(refusal("\"id\": \"x\",", "\"id\": \"x\", \"id\": \"y\",").find("duplicate") !=
        std::string::npos);
}

TEST_CASE("a manifest that is not JSON, too deep or no object is refused") {
  CHECK_FALSE(read("{"));
  CHECK_FALSE(read("[]"));
  CHECK_FALSE(read(std::string(100'000, '[')));
  CHECK_FALSE(read("{\"id\": \"\xff\"}"));
}

TEST_CASE("a sample can be sent again under fresh ids") {
  const plugin::Sample sample{"a", "a.json", {}, {"/id", "/in/ref"}};
  const std::string body = R"({"id":"evt_old","in":{"ref":"Ev123"},"n":9007199254740993})";
  const std::string fresh = plugin::freshBody(sample, body, "NEW").value();
  JsonDoc document;
  const JsonView json = document.parse(fresh).value();
  CHECK(json.find("id").asString() == "evt_NEW");
  CHECK(json.pointer("/in/ref").asString() == "EvNEW");
  CHECK(json.find("n").asInt() == 9007199254740993);
  CHECK_FALSE(plugin::freshBody(sample, "{}", "NEW"));
  CHECK_FALSE(plugin::freshBody({"a", "a.json", {}, {"/~2"}}, body, "NEW"));
  CHECK(plugin::freshBody({"a", "a.form", {}, {}}, "a=b", "NEW").value() == "a=b");
  CHECK(plugin::freshBody({"a", "a.form", {}, {}}, "a={uuid}&b={uuid}", "NEW").value() ==
        "a=NEW&b=NEW");
}

}  // namespace junctor::testing
