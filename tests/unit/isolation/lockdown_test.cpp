// What a connector cannot do, tried from inside one.
#include "unit/isolation/wild_house.h"

namespace junctor::testing {

TEST_CASE("the sandbox denies what a connector has no business with") {
  WildHouse house;
  house.start();
  const auto instance = house.instance();
  for (const char* what :
       {"try-read", "try-library", "try-write", "try-socket", "try-unix", "try-fork", "try-kill",
        "try-signal", "try-limit", "try-exec", "try-code", "try-ptrace", "try-environment"}) {
    CAPTURE(what);
    CHECK(house.tell(*instance, what) == "denied");
  }
}

TEST_CASE("the level that was reached is told") {
  WildHouse house;
  house.start();
  const std::string text = house.connector->runsIn();
  CAPTURE(text);
  CHECK(text.starts_with("own process (seccomp, landlock "));
}

TEST_CASE("root runs connectors as nobody") {
  if (::geteuid() != 0) return;
  WildHouse house;
  house.start();
  CHECK(house.tell(*house.instance(), "uid") == "65534");
}

}  // namespace junctor::testing
