// S14-S16: a connector's bundle, the schemas in its manifest and the mappings that come with it.
#include "base/files.h"
#include "conformance/zoo/zoo_house.h"
#include "support/temp_folder.h"
#include "trust/bundle.h"

namespace junctor::testing {
namespace {

using conformance::Verdict;

conformance::Options only(const std::string& library, const std::string& check) {
  conformance::Options options;
  options.library = std::string(JUNCTOR_BINARY_DIR) + "/tests/" + library + ".so";
  options.fixtures = JUNCTOR_SOURCE_DIR "/tests/conformance/zoo/animals/fixtures";
  options.include = {check};
  return options;
}

conformance::Finding foundBy(const conformance::Options& options) {
  return checked(options).findings.at(0);
}

std::string bundleOfGood() {
  std::vector<trust::BundleFile> files;
  REQUIRE(trust::addFile(JUNCTOR_BINARY_DIR "/tests/zoo/good.so", trust::kConnectorFile, files));
  files.push_back({trust::kManifestFile, R"({"id": "org.example.zoo.good", "version": "1.0.0"})"});
  const auto bundle = trust::makeBundle(std::move(files));
  REQUIRE(bundle);
  return trust::writeBundle(*bundle);
}

constexpr const char* kMapping = R"({
  "format": "junctor.mapping/1", "connector": "org.example.zoo.good", "object": "contact",
  "external": "thing", "version": 1,
  "fields": {"name": {"external": "NAME", "required": "to_external"},
             "phone": {"external": "telephone"}},
  "samples": [{"name": "a thing", "canonical": {"name": "first"}, "external": {"SAMPLE": "first"}}]
})";

std::string mappingWith(const std::string& field, const std::string& sampled) {
  std::string out = kMapping;
  out.replace(out.find("NAME"), 4, field);
  out.replace(out.find("SAMPLE"), 6, sampled);
  return out;
}

conformance::Finding mapped(const std::string& text) {
  const TempFolder folder;
  folder.write("contact.json", text);
  auto options = only("zoo/good", "S16");
  options.mappings = folder.path();
  return foundBy(options);
}

}  // namespace

TEST_CASE("a bundle that was changed is no bundle") {
  const TempFolder folder;
  auto options = only("zoo/good", "S14");
  options.bundle = folder.path() + "/good.junctor";
  std::string bytes = bundleOfGood();
  REQUIRE(replaceFile(options.bundle, bytes, 0600));
  CHECK(foundBy(options).message == "whole, signed by nobody");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  REQUIRE(replaceFile(options.bundle, bytes, 0600));
  CHECK(foundBy(options).verdict == Verdict::Fail);
  CHECK_THAT(foundBy(options).message, Catch::Contains("it was changed"));
}

TEST_CASE("a bare library is one that a bundle can be made of") {
  const TempFolder folder;
  auto options = only("zoo/good", "S14");
  CHECK(foundBy(options).message == "packs to 4 files");
  options.fixtures = folder.path();
  folder.write("a name\nwith a line.json", "{}");
  CHECK(foundBy(options).verdict == Verdict::Fail);
  CHECK_THAT(foundBy(options).message, Catch::Contains("has no place in a bundle"));
}

TEST_CASE("schemas of events compile, and the events fit them") {
  CHECK(foundBy(only("zoo-signers/good_schemas", "S15")).message == "1 schemas");
  CHECK(foundBy(only("zoo-signers/good_schemas", "W8")).verdict == Verdict::Pass);
  const auto bad = foundBy(only("zoo-signers/bad_schema", "S15"));
  CHECK(bad.verdict == Verdict::Fail);
  CHECK_THAT(bad.message, Catch::Contains("webhook.schemas.thing.happened/type"));
  const auto broken = foundBy(only("zoo-signers/breaks_schema", "W8"));
  CHECK(broken.verdict == Verdict::Fail);
  CHECK_THAT(broken.message, Catch::Contains("lacks price"));
}

TEST_CASE("default mappings are proved by samples, and their required fields were seen") {
  CHECK(mapped(mappingWith("name", "name")).message == "1 mappings, 1 of 2 fields seen");
  const auto unproved = mapped(mappingWith("name", "title"));
  CHECK(unproved.verdict == Verdict::Fail);
  CHECK_THAT(unproved.message, Catch::Contains("contact.json: samples[0]"));
  std::string other = mappingWith("name", "name");
  other.replace(other.find("zoo.good"), 8, "zoo.fish");
  CHECK_THAT(mapped(other).message, Catch::Contains("is of the connector org.example.zoo.fish"));
  CHECK(mapped("{").verdict == Verdict::Fail);
  CHECK(foundBy(only("zoo/good", "S16")).message == "no default mappings come with it");
}

}  // namespace junctor::testing
