// One version takes another's place while calls are under way.
#include <filesystem>

#include "support/temp_folder.h"
#include "unit/isolation/wild_house.h"

namespace junctor::testing {
namespace fs = std::filesystem;

struct UpgradeHouse : WildHouse {
  TempFolder folder;
  std::unique_ptr<plugin::Registry> registry;

  UpgradeHouse() {
    supervisor = std::make_unique<isolation::Supervisor>(options, systemClock());
    install("one/wild.so");
    registry = plugin::loadConnectors({folder.path()},
                                      [this](plugin::Manifest manifest, const std::string& path) {
                                        return supervisor->open(std::move(manifest), path);
                                      });
    adopt();
  }
  // As an installer does it: a new file under the old name.
  void install(const std::string& file) const {
    const std::string target = folder.path() + "/wild.so";
    fs::copy_file(wildFolder(file), target + ".new", fs::copy_options::overwrite_existing);
    fs::permissions(target + ".new", fs::perms(0644));
    fs::rename(target + ".new", target);
  }
  void adopt() {
    connector = registry->find("wild");
    REQUIRE(connector);
  }
};

TEST_CASE("a new version is opened before the old one goes, and calls under way are answered") {
  UpgradeHouse house;
  const auto old_instance = house.instance();
  const RawRequest first = house.request("echo:1"), second = house.request("echo:2");
  old_instance->begin(first);
  old_instance->begin(second);

  house.install("two/wild-next.so");
  const uint64_t generation = house.registry->generation();
  CHECK(house.registry->rescan() == std::vector<std::string>{"wild 1.0.0 replaced by 2.0.0"});
  CHECK(house.registry->generation() == generation + 1);
  CHECK(house.registry->rescan().empty());

  CHECK(house.outcome(house.handleBegun(*old_instance, first)) == "\"1\"");
  CHECK(house.outcome(house.handleBegun(*old_instance, second)) == "\"2\"");
  CHECK(house.connector->runsIn() == "own process, not running");  // drained
  CHECK(house.tell(*old_instance, "echo:late") == "\"late\"");  // and still there for who holds it
  house.adopt();
  CHECK(house.connector->manifest().version == "2.0.0");
  CHECK(house.tell(*house.instance(), "echo:new") == "\"new\"");

  house.install("one/wild.so");
  CHECK(house.registry->rescan() == std::vector<std::string>{"wild 2.0.0 replaced by 1.0.0"});
  house.adopt();
  CHECK(house.tell(*house.instance(), "echo:back") == "\"back\"");
}

TEST_CASE("a new version that cannot be opened changes nothing") {
  UpgradeHouse house;
  const auto instance = house.instance();
  house.install("refused/wild-open-crashes.so");
  CHECK(house.registry->rescan().empty());
  REQUIRE(house.registry->refused().size() == 1);
  CHECK(house.registry->refused()[0].second == "its process died of SIGABRT while it was loaded");
  CHECK(house.tell(*instance, "echo:x") == "\"x\"");
  CHECK(house.registry->find("wild") == house.connector);
}

TEST_CASE("checked code that cannot be replaced stays only while it is trusted") {
  WildHouse house;
  house.supervisor = std::make_unique<isolation::Supervisor>(house.options, systemClock());
  bool trusted = true, newer = false;
  const auto source = [&] {
    plugin::CheckedCodes codes;
    codes.found.push_back(
        newer ? plugin::CheckedCode{wildFolder("refused/wild-open-crashes.so"), "wild 2.0.0",
                                    "new digest"}
              : plugin::CheckedCode{wildFolder("one/wild.so"), "wild 1.0.0", "old digest"});
    codes.may_stay = [&](const std::string& id, const std::string& digest) {
      return trusted && id == "wild" && digest == "old digest";
    };
    return codes;
  };
  const auto open = [&](plugin::Manifest manifest, const std::string& path) {
    return house.supervisor->open(std::move(manifest), path);
  };
  const auto registry = plugin::loadConnectors({}, open, source, open);
  REQUIRE(registry->find("wild"));

  newer = true;
  CHECK(registry->rescan().empty());
  REQUIRE(registry->find("wild"));
  house.connector = registry->find("wild");
  CHECK(house.tell(*house.instance(), "echo:x") == "\"x\"");

  trusted = false;
  CHECK(registry->rescan() == std::vector<std::string>{"wild 1.0.0 removed"});
  CHECK(!registry->find("wild"));
  CHECK(house.connector->runsIn() == "own process, not running");
}

TEST_CASE("a connector whose file is gone leaves") {
  UpgradeHouse house;
  fs::remove(house.folder.path() + "/wild.so");
  CHECK(house.registry->rescan() == std::vector<std::string>{"wild 1.0.0 removed"});
  CHECK(!house.registry->find("wild"));
}

}  // namespace junctor::testing
