#include "trust/bundle.h"

#include "crypto/hash.h"
#include "unit/trust/trust_house.h"

using namespace junctor;
using namespace junctor::testing;
using trust::BundleFile;

namespace {

std::string refusal(const std::string& bytes) {
  const auto read = trust::readBundle(bytes);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::InvalidArgument);
  return read.error().message;
}

// The parts of a bundle as tar files, to be put together differently.
std::vector<BundleFile> parts() {
  const trust::Bundle whole = bundle();
  std::vector<BundleFile> files = {{"BUNDLE.json", whole.list}};
  files.insert(files.end(), whole.files.begin(), whole.files.end());
  return files;
}

// A bundle whose list fits these files, whatever they are called.
std::string listing(std::vector<BundleFile> files) {
  Json list = Json::array();
  for (const BundleFile& file : files) {
    list.push_back({{"path", file.name},
                    {"size", file.bytes.size()},
                    {"sha256", crypto::sha256Hex(file.bytes)}});
  }
  const Json json = {{"format", 1}, {"id", "com.acme.shop"}, {"version", "1.0.0"}, {"files", list}};
  files.insert(files.begin(), {"BUNDLE.json", dumpJson(json)});
  return trust::writeTar(files);
}

const BundleFile kCode{"connector.so", "code"};
const BundleFile kManifest{"manifest.json", manifest("com.acme.shop", "1.0.0")};

}  // namespace

TEST_CASE("the same files make the same bytes, whatever their order") {
  const std::vector<BundleFile> files = {kCode, kManifest, {"README.md", "x"}};
  const auto one = must(trust::makeBundle(files));
  const auto other = must(trust::makeBundle({files[2], files[0], files[1]}));
  CHECK(trust::writeBundle(one) == trust::writeBundle(other));
  const auto read = must(trust::readBundle(trust::writeBundle(one)));
  CHECK(read.id == "com.acme.shop");
  CHECK(read.version == "1.0.0");
  CHECK(read.digest == one.digest);
  CHECK(*read.find("README.md") == "x");
  CHECK(read.find("LICENSE") == nullptr);
}

TEST_CASE("a bit flipped anywhere in a bundle is noticed") {
  const std::string bytes = trust::writeBundle(bundle());
  const std::string digest = must(trust::readBundle(bytes)).digest;
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    const auto read = trust::readBundle(flipped);
    if (!read) continue;  // all but changes of the list itself, which has no hash but is signed
    INFO("byte " << at);
    CHECK(read->digest != digest);
  }
}

TEST_CASE("a changed file is named") {
  for (const char* name : {"connector.so", "manifest.json", "README.md"}) {
    auto files = parts();
    for (BundleFile& file : files) {
      if (file.name == name) file.bytes.back() ^= 1;
    }
    CHECK(refusal(trust::writeTar(files)) ==
          std::string(name) + " is not what the list says: it was changed");
  }
}

TEST_CASE("a file added, removed or replaced is refused") {
  auto files = parts();
  files.push_back({"fixtures/z.json", "{}"});
  std::sort(files.begin() + 1, files.end(),
            [](const BundleFile& a, const BundleFile& b) { return a.name < b.name; });
  CHECK_THAT(refusal(trust::writeTar(files)), Catch::Contains("its list names"));

  files = parts();
  files.push_back({"zz", "stray"});
  CHECK(refusal(trust::writeTar(files)) == "zz has no place in a bundle");

  files = parts();
  files.pop_back();
  CHECK_FALSE(refusal(trust::writeTar(files)).empty());
  files = parts();
  files.erase(files.begin() + 2);  // connector.so: README.md comes first
  CHECK_FALSE(refusal(trust::writeTar(files)).empty());
}

TEST_CASE("paths that lead out of a bundle are refused") {
  for (const char* name :
       {"../connector.so", "/etc/passwd", "fixtures/../../x", "fixtures//x", "fixtures/./x",
        "fixtures/.hidden", "fixtures/", ".", "..", "fixtures/a\\b", "fixtures/a b", "fixtures/\n",
        "./connector.so", "fixtures/x/../y", "connector.so/"}) {
    INFO(name);
    const std::string bytes = listing({kCode, {name, "x"}, kManifest});
    CHECK_THAT(refusal(bytes), Catch::Contains("no bundle may"));
    CHECK_FALSE(trust::makeBundle({kCode, kManifest, {name, "x"}}));
  }
}

TEST_CASE("files that no bundle needs are refused, though they are listed") {
  for (const char* name :
       {"BUNDLE.json", "BUNDLE.sig", "other.so", "install.sh", "Manifest.json"}) {
    INFO(name);
    CHECK_THAT(messageOf(trust::makeBundle({kCode, kManifest, {name, "x"}})),
               Catch::Contains("has no place in a bundle"));
  }
  CHECK_THAT(refusal(listing({kCode, kCode, kManifest})), Catch::Contains("is there twice"));
  CHECK_THAT(refusal(listing({kManifest, kCode})), Catch::Contains("not in order"));
}

TEST_CASE("links, folders and odd headers are refused") {
  const std::string bytes = trust::writeTar(parts());
  const size_t type = 156;
  for (const char kind : {'1', '2', '3', '5', '6', 'x', 'g', 'L', '\0'}) {
    std::string odd = bytes;
    odd[type] = kind;
    CHECK(refusal(odd) == "BUNDLE.json is not a plain file");
  }
  for (const size_t at : {100U, 108U, 136U, 148U, 157U, 257U, 265U, 345U, 511U}) {
    std::string odd = bytes;
    odd[at] = odd[at] == '7' ? '6' : '7';
    INFO(at);
    CHECK_THAT(refusal(odd), Catch::Contains("is not stored as junctor connector pack"));
  }
}

TEST_CASE("a truncated bundle is refused at every length") {
  const std::string bytes = trust::writeBundle(bundle());
  for (size_t size = 0; size < bytes.size(); ++size) {
    if (trust::readBundle(std::string_view(bytes).substr(0, size))) FAIL(size);
  }
  CHECK(refusal("") == "is cut off, or is no bundle");
  CHECK(refusal(bytes.substr(0, 700)) == "is cut off, or is no bundle");
  CHECK(refusal(bytes + std::string(512, '\0')) == "has bytes behind its end");
  CHECK(refusal(bytes + "x") == "has bytes behind its end");
}

TEST_CASE("a bundle without code or manifest is refused") {
  CHECK_THAT(messageOf(trust::makeBundle({kManifest})), Catch::Contains("no connector.so"));
  CHECK_THAT(messageOf(trust::makeBundle({kCode})), Catch::Contains("no manifest.json"));
  CHECK_THAT(messageOf(trust::makeBundle({{"connector.so", ""}, kManifest})),
             Catch::Contains("no connector.so"));
  for (const char* text :
       {"", "[]", "{", R"({"id": "A", "version": "1.0.0"})", R"({"id": "a", "version": "1"})",
        R"({"id": "a"})", R"({"id": "a", "version": "1.0.0", "capabilities": {"hosts": ["*"]}})"}) {
    INFO(text);
    CHECK_THAT(messageOf(trust::makeBundle({kCode, {"manifest.json", text}})),
               Catch::StartsWith("manifest.json: "));
  }
}

TEST_CASE("a list that names another connector than the manifest is refused") {
  auto files = parts();
  std::string& list = files[0].bytes;
  list.replace(list.find("com.acme.shop"), 13, "com.evil.shop");
  CHECK(refusal(trust::writeTar(files)) == "its list and its manifest name different connectors");
}

TEST_CASE("bundles over the limits are refused") {
  std::vector<BundleFile> files = {kCode, kManifest};
  for (size_t i = 0; i <= limits::kBundleFilesMax; ++i) {
    files.push_back({"fixtures/f" + std::to_string(1000 + i), ""});
  }
  CHECK_FALSE(trust::makeBundle(files));
  CHECK_THAT(refusal(trust::writeTar(files)), Catch::Contains("more than 256 files"));
  const std::string large(limits::kBundleBytesMax, 'x');
  CHECK_THAT(messageOf(trust::makeBundle({{"connector.so", large}, kManifest})),
             Catch::Contains("larger than 64 MiB"));
  CHECK_THAT(refusal(large + "x"), Catch::Contains("larger than 64 MiB"));
}
