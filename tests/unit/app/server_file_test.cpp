#include "app/server_file.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/files.h"
#include "support/temp_folder.h"

using junctor::app::DataDirLock;
using junctor::testing::TempFolder;

TEST_CASE("a data directory has one server at a time; the refusal names its pid") {
  TempFolder folder;
  {
    const auto first = DataDirLock::take(folder.path());
    REQUIRE(first.has_value());
    const auto second = DataDirLock::take(folder.path());
    REQUIRE(!second.has_value());
    CHECK(second.error().code == junctor::ErrorCode::AlreadyExists);
    CHECK(second.error().message.find("(pid " + std::to_string(::getpid()) + ")") !=
          std::string::npos);
  }
  CHECK(DataDirLock::take(folder.path()).has_value());
}

TEST_CASE("a server removes its own file only") {
  TempFolder folder;
  REQUIRE(junctor::app::writeServerFile(folder.path(), {"http://a", "http://b", "mine"}));
  junctor::app::removeServerFile(folder.path(), "other");
  CHECK(junctor::app::readServerFile(folder.path()).has_value());
  junctor::app::removeServerFile(folder.path(), "mine");
  CHECK(!junctor::app::readServerFile(folder.path()).has_value());
}
