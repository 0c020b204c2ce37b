#include "trust/version.h"

#include <catch2/catch.hpp>

using junctor::trust::Version;

TEST_CASE("versions are ordered as Semantic Versioning says") {
  const char* rising[] = {"0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                          "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                          "1.0.0",      "1.0.1",        "1.1.0",         "1.10.0",
                          "2.0.0",      "10.0.0"};
  for (size_t i = 0; i + 1 < std::size(rising); ++i) {
    INFO(rising[i]);
    CHECK(*Version::parse(rising[i]) < *Version::parse(rising[i + 1]));
  }
  CHECK(*Version::parse("1.0.0+build.7") == *Version::parse("1.0.0"));
}

TEST_CASE("what is no version is refused") {
  for (const char* text :
       {"", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-a..b", "1.0.0-01", "v1.0.0", "1.0.0 ",
        "1.0.0+", "1.0.0-ä", "-1.0.0", "1.0.x", "9999999999999999999.0.0"}) {
    INFO(text);
    CHECK_FALSE(Version::parse(text));
  }
}
