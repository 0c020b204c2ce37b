// Where the vault's key comes from, and what is refused.
#include <sys/stat.h>

#include <string>

#include "base/bytes.h"
#include "unit/vault/vault_house.h"

namespace junctor::vault::testing {
namespace {

std::string lineOf(char fill) {
  return toBase64(std::string(32, fill)) + "\n";
}

// Nothing stored yet, and this key file.
Result<void> openWith(VaultHouse& house, const std::string& text, mode_t mode = 0600,
                      bool credential = false) {
  house.close();
  house.key_path = house.folder.write("key", text);
  ::chmod(house.key_path.c_str(), mode);
  return house.tryOpen({}, credential);
}

}  // namespace

TEST_CASE("without a key file one is made, for its owner alone, and kept") {
  VaultHouse house;
  struct stat info{};
  REQUIRE(::stat(house.key_path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const std::string text = readFile(house.key_path).value();
  house.reopen();
  CHECK(readFile(house.key_path).value() == text);
}

TEST_CASE("a key file from openssl rand -base64 32 will do, with comments and CRLF") {
  VaultHouse house;
  REQUIRE(openWith(house, "# ours\r\n\r\n" + lineOf('k')));
  house.put(nameOf("token"), "s3cret");
  CHECK(house.read(nameOf("token")) == "s3cret");
}

TEST_CASE("a key file that others may read is refused") {
  VaultHouse house;
  for (const mode_t mode : {0640U, 0604U, 0660U, 0644U, 0620U}) {
    const auto opened = openWith(house, lineOf('k'), mode);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::PermissionDenied);
    CHECK(opened.error().message.find("chmod 600") != std::string::npos);
  }
  CHECK(openWith(house, lineOf('k'), 0400));
}

TEST_CASE("a credential may carry the group bits of its access list, never others'") {
  VaultHouse house;
  CHECK(openWith(house, lineOf('k'), 0440, true));
  CHECK_FALSE(openWith(house, lineOf('k'), 0444, true));
}

TEST_CASE("a credential that is missing is not made up") {
  VaultHouse house;
  house.key_path = house.folder.path() + "/nothing";
  const auto opened = house.tryOpen({}, true);
  CHECK(opened.error().code == ErrorCode::NotFound);
}

TEST_CASE("a malformed key file names the line and never quotes it") {
  VaultHouse house;
  const std::string good = lineOf('k');
  for (const std::string& bad : {std::string("hunter2-is-no-key"), toBase64("hunter2-short"),
                                 toBase64(std::string(33, 'k')), lineOf('k')}) {
    const auto opened = openWith(house, good + bad);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().message.find("line 2") != std::string::npos);
    CHECK(opened.error().message.find(bad.substr(0, 8)) == std::string::npos);
  }
  CHECK_FALSE(openWith(house, ""));
  CHECK_FALSE(openWith(house, "# only a comment\n"));
}

TEST_CASE("a key file that went missing is not replaced while secrets need it") {
  VaultHouse house;
  house.put(nameOf("token"), "s3cret");
  const std::string text = readFile(house.key_path).value();
  removeFile(house.key_path);
  const auto opened = house.tryOpen();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("put it back") != std::string::npos);
  CHECK_FALSE(fileExists(house.key_path));
  REQUIRE(replaceFile(house.key_path, text, 0600));
  REQUIRE(house.tryOpen());
  CHECK(house.read(nameOf("token")) == "s3cret");
}

TEST_CASE("another key than the one that wrapped is refused at start") {
  VaultHouse house;
  house.put(nameOf("token"), "s3cret");
  const std::string text = readFile(house.key_path).value();
  REQUIRE(replaceFile(house.key_path, lineOf('x'), 0600));
  CHECK(house.tryOpen().error().code == ErrorCode::NotFound);
  REQUIRE(replaceFile(house.key_path, lineOf('x') + text, 0600));  // behind the new one: fine
  REQUIRE(house.tryOpen());
  CHECK(house.read(nameOf("token")) == "s3cret");
}

}  // namespace junctor::vault::testing
