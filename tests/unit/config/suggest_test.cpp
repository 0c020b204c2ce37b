#include <catch2/catch.hpp>

#include "config/suggest.h"

using junctor::config::editDistance;
using junctor::config::nearest;

TEST_CASE("a slip is one letter more, less, other or swapped") {
  CHECK(editDistance("", "abc") == 3);
  CHECK(editDistance("retry", "retry") == 0);
  CHECK(editDistance("rety", "retry") == 1);
  CHECK(editDistance("rretry", "retry") == 1);
  CHECK(editDistance("retri", "retry") == 1);
  CHECK(editDistance("rtery", "retry") == 1);
  CHECK(editDistance("etryr", "retry") == 2);
  CHECK(editDistance("erty", "rety") == 1);
}

TEST_CASE("only what is near is suggested") {
  const std::vector<std::string> keys = {"connector", "settings", "id"};
  CHECK(nearest("conector", keys) == "connector");
  CHECK(nearest("Settings", keys) == "settings");
  CHECK(nearest("ip", keys) == "id");
  CHECK(nearest("zzz", keys) == "");
  CHECK(nearest("", keys) == "");
  CHECK(nearest(std::string(10'000, 'c'), keys) == "");
}
