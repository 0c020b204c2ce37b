// The install store as a source of the registry, with a connector that was really built.
#include "app/connector_store.h"

#include "base/files.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"
#include "unit/trust/trust_house.h"

using namespace junctor;
using namespace junctor::testing;
using app::installedConnectors;
using app::openConnectorStore;
using app::shippedIds;

namespace {

constexpr const char* kId = "com.example.acme";

struct Home {
  TempFolder temp;
  ManualClock clock;
  Signer root, acme;
  config::ServerConfig config;

  Home() {
    config.data_dir = temp.path() + "/data";
    config.connector_dirs = {temp.path() + "/shipped"};
    config.connector_roots = {trust::formatPublicKey(root.key.publicKey())};
    must(makeFolders(config.connector_dirs[0]));
  }

  static std::string code() {
    return must(readFile(JUNCTOR_BINARY_DIR "/tests/connectors/loaded/acme.so"));
  }
  static std::string manifestText() {
    return must(readFile(JUNCTOR_SOURCE_DIR "/sdk/examples/cpp/manifest.json"));
  }
  std::string sealed(const std::string& manifest_text, const std::string& more = "") const {
    return signedBytes(
        must(trust::makeBundle(
            {{"connector.so", code()}, {"manifest.json", manifest_text}, {"README.md", more}})),
        acme, acme.by(root, kId, trust::Level::Verified));
  }
  trust::InstallStore store() const { return openConnectorStore(config, clock); }
  std::unique_ptr<plugin::Registry> registry() const {
    return plugin::loadConnectors(config.connector_dirs, plugin::openNothing(),
                                  installedConnectors(config, clock), plugin::openNothing());
  }
};

}  // namespace

TEST_CASE("an installed connector is loaded beside the shipped ones, and leaves when revoked") {
  Home home;
  const auto registry = home.registry();
  CHECK(registry->all().empty());
  must(home.store().install(home.sealed(Home::manifestText()), {.accept = true}));
  CHECK(registry->rescan() == std::vector<std::string>{std::string(kId) + " 1.0.0 added"});
  const auto connector = registry->find(kId);
  REQUIRE(connector);
  CHECK_THAT(connector->path(), Catch::StartsWith("/proc/self/fd/"));
  CHECK(must(readFile(connector->path())) == Home::code());

  CHECK(registry->rescan().empty());  // checked anew, the same: the same connector stays
  CHECK(registry->find(kId) == connector);

  must(home.store().revoke(home.acme.id(), "stolen"));
  CHECK(registry->rescan() == std::vector<std::string>{std::string(kId) + " 1.0.0 removed"});
  CHECK_FALSE(registry->find(kId));
  REQUIRE(registry->refused().size() == 1);
  CHECK_THAT(registry->refused()[0].second, Catch::Contains("was revoked: stolen"));
  CHECK(must(readFile(connector->path())) == Home::code());  // whoever still runs it can
}

TEST_CASE("a store that is damaged loads nothing, says so, and leaves the others alone") {
  Home home;
  must(home.store().install(home.sealed(Home::manifestText()), {.accept = true}));
  must(replaceFile(home.config.data_dir + "/connectors/index.json", "{", 0644));
  const auto registry = home.registry();
  CHECK(registry->all().empty());
  REQUIRE(registry->refused().size() == 1);
  CHECK(registry->refused()[0].first == "installed connectors");
}

TEST_CASE("a bundle whose manifest is not the one in its code is refused") {
  Home home;
  Json other = must(parseJson(Home::manifestText()));
  other["summary"] = "Harmless";
  CHECK_THAT(messageOf(home.store().install(home.sealed(dumpJson(other)), {})),
             Catch::Contains("was built with another manifest"));
  CHECK_FALSE(isFolder(home.config.data_dir + "/connectors"));
}

TEST_CASE("a bundle cannot take the place of a connector that lies in the package's folder") {
  Home home;
  must(replaceFile(home.config.connector_dirs[0] + "/acme.so", Home::code(), 0644));
  CHECK(shippedIds(home.config) == std::vector<std::string>{kId});
  CHECK_THAT(messageOf(home.store().install(home.sealed(Home::manifestText()), {.accept = true})),
             Catch::Contains("is part of this installation"));
}
