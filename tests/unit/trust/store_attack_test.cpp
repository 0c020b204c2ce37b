// Somebody else had the folder, or has it right now.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/trust/store_house.h"

using namespace junctor;
using namespace junctor::testing;
namespace fs = std::filesystem;

namespace {

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void spill(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}
std::string loadError(const StoreHouse& house) {
  return messageOf(house.store().load("com.acme.shop"));
}

}  // namespace

TEST_CASE("a file swapped after the check changes nothing; at the next load it is refused") {
  StoreHouse house;
  must(house.install("1.0.0"));
  const auto loaded = must(house.store().load("com.acme.shop"));
  spill(house.bundlePath("1.0.0"), "something else");
  CHECK(contentOf(loaded.code) == "code of 1.0.0");
  CHECK_FALSE(loadError(house).empty());
}

TEST_CASE("the code that was checked is sealed, also against its owner") {
  StoreHouse house;
  must(house.install("1.0.0"));
  const auto loaded = must(house.store().load("com.acme.shop"));
  const int fd = loaded.code.get();
  CHECK(::pwrite(fd, "evil", 4, 0) < 0);
  CHECK(::ftruncate(fd, 1) < 0);
  CHECK(::mmap(nullptr, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  CHECK(::fcntl(fd, F_ADD_SEALS, 0) < 0);
  CHECK(contentOf(loaded.code) == "code of 1.0.0");
}

TEST_CASE("every flipped bit of an installed bundle is refused at load") {
  StoreHouse house;
  must(house.install("1.0.0"));
  const std::string path = house.bundlePath("1.0.0"), good = slurp(path);
  const size_t step = 7;  // a prime, so that all fields are hit; each load checks the whole file
  for (size_t at = 0; at < good.size(); at += step) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    spill(path, bad);
    INFO("byte " << at);
    CHECK_FALSE(house.store().load("com.acme.shop"));
  }
  spill(path, good);
  CHECK(house.store().load("com.acme.shop"));
}

TEST_CASE("another good bundle in the place of the installed one is refused") {
  StoreHouse house;
  must(house.install("1.0.0"));
  spill(house.bundlePath("1.0.0"), house.signedShop("0.9.0"));  // signed, but older
  CHECK(loadError(house) == "its file is not the one that was installed");
  Signer other;
  spill(house.bundlePath("1.0.0"),
        signedBytes(bundle("com.acme.pay"), other,
                    other.by(house.root, "com.acme", trust::Level::Verified)));
  CHECK(loadError(house) == "its file is not the one that was installed");
}

TEST_CASE("symbolic links in the store are not followed") {
  StoreHouse house;
  must(house.install("1.0.0"));
  const std::string path = house.bundlePath("1.0.0"), aside = house.temp.path() + "/aside";
  fs::rename(path, aside);
  fs::create_symlink(aside, path);
  CHECK_THAT(loadError(house), Catch::EndsWith("is a symbolic link"));

  for (const char* name : {"index.json", "trust.json", "revoked.json", "revocations.json"}) {
    INFO(name);
    StoreHouse other;
    must(other.install("1.0.0"));
    const std::string file = other.folder() + "/" + name;
    fs::remove(file);
    fs::create_symlink("/dev/null", file);
    CHECK_THAT(loadError(other), Catch::Contains("is a symbolic link"));
  }
}

TEST_CASE("a link in the place of the folder is refused, for reading and writing") {
  StoreHouse house;
  fs::create_directories(house.temp.path() + "/data");
  fs::create_directories(house.temp.path() + "/elsewhere");
  fs::create_directory_symlink(house.temp.path() + "/elsewhere", house.folder());
  CHECK_THAT(messageOf(house.install("1.0.0")), Catch::Contains("symbolic link"));
  CHECK(fs::is_empty(house.temp.path() + "/elsewhere"));
}

TEST_CASE("a link where a temporary file would be written leads nowhere") {
  StoreHouse house;
  must(house.install("1.0.0"));
  const std::string victim = house.temp.path() + "/victim";
  spill(victim, "precious");
  fs::create_symlink(victim, house.folder() + "/.index.json.new");
  must(house.install("1.1.0"));
  CHECK(slurp(victim) == "precious");
}

TEST_CASE("what others may write is not believed") {
  StoreHouse house;
  must(house.install("1.0.0"));
  fs::permissions(house.bundlePath("1.0.0"), fs::perms::others_write, fs::perm_options::add);
  CHECK_THAT(loadError(house), Catch::EndsWith("may be written by others"));
  fs::permissions(house.bundlePath("1.0.0"), fs::perms::others_write, fs::perm_options::remove);
  CHECK(house.store().load("com.acme.shop"));
  fs::permissions(house.folder(), fs::perms::group_write, fs::perm_options::add);
  CHECK_THAT(loadError(house), Catch::EndsWith("may be written by others"));
}

TEST_CASE("a pipe or folder in the place of a file does not hang or crash") {
  StoreHouse house;
  must(house.install("1.0.0"));
  fs::remove(house.bundlePath("1.0.0"));
  REQUIRE(::mkfifo(house.bundlePath("1.0.0").c_str(), 0600) == 0);
  CHECK_THAT(loadError(house), Catch::EndsWith("is not a plain file"));
  fs::remove(house.bundlePath("1.0.0"));
  fs::create_directory(house.bundlePath("1.0.0"));
  CHECK_FALSE(loadError(house).empty());
}

TEST_CASE("damaged lists close the door; they are never taken for empty ones") {
  const std::string name = GENERATE("index.json", "trust.json", "revoked.json", "revocations.json");
  const std::string text = GENERATE("", "{", "[]", "{\"format\": 99}", "null");
  StoreHouse house;
  must(house.install("1.0.0"));
  spill(house.folder() + "/" + name, text);
  INFO(name << ": " << text);
  CHECK_FALSE(house.store().load("com.acme.shop"));
  CHECK_FALSE(house.install("1.1.0"));
  CHECK(slurp(house.folder() + "/" + name) == text);
}

TEST_CASE("an index edited to accept more, or to point elsewhere, opens nothing") {
  StoreHouse house;
  must(house.install("1.0.0", R"({"hosts": ["api.acme.com"]})", {true, false}));
  const std::string path = house.folder() + "/index.json", good = slurp(path);
  const auto edited = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    spill(path, text);
    return loadError(house);
  };
  CHECK_THAT(edited("\"api.acme.com\"", ""), Catch::Contains("more than was accepted"));
  CHECK_FALSE(edited("\"1.0.0\"", "\"2.0.0\"").empty());
  const std::string digest =
      bundle("com.acme.shop", "1.0.0", R"({"hosts": ["api.acme.com"]})").digest;
  CHECK_FALSE(edited(digest, std::string(64, 'a')).empty());
  CHECK_THAT(edited(digest, "../../../../etc/passwd"), Catch::Contains("64 hex digits"));
  CHECK_FALSE(edited("com.acme.shop", "com.acme.evil").empty());
}

TEST_CASE("bundles cut off on disk are refused at load") {
  StoreHouse house;
  must(house.install("1.0.0"));
  const std::string good = slurp(house.bundlePath("1.0.0"));
  for (const size_t size : {size_t{0}, size_t{511}, good.size() / 2, good.size() - 1}) {
    spill(house.bundlePath("1.0.0"), good.substr(0, size));
    CHECK(loadError(house) == "is cut off, or is no bundle");
  }
}
