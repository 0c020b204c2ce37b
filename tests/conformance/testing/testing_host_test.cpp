// The test host finds what it is there to find.
#include <junctor/testing.h>

#include <junctor/testing.hpp>

#include "conformance/testing/open_library.h"

extern "C" int testingFromC(const jn_plugin* plugin, const char* fixture);

namespace junctor::testing {
namespace {

constexpr const char* kFixture = JUNCTOR_SOURCE_DIR "/sdk/examples/cpp/fixtures/order.paid.json";

}  // namespace

TEST_CASE("a fixture becomes events that a test can look at") {
  jnc::testing::Host host;
  REQUIRE(host.open(entryOf(ACME)) == JN_OK);
  auto acme = host.create(R"({"test": true})");
  const auto outcome = acme.handle(host.fixture(kFixture));
  REQUIRE(outcome.ok());
  REQUIRE(outcome.events.size() == 1);
  CHECK(outcome.events[0].type == "order.paid");
  CHECK(outcome.events[0].actor == R"({"id":"1","name":"Ada"})");
  CHECK(outcome.events[0].metadata == R"({"test":true})");
  CHECK(outcome.events[0].occurred_ms == 1'772'442'930'000);
}

TEST_CASE("a refusal carries the connector's message") {
  jnc::testing::Host host;
  REQUIRE(host.open(entryOf(ACME)) == JN_OK);
  CHECK_THROWS_WITH(host.create(R"({"test": 1})"),
                    Catch::Contains("settings.test: must be true or false"));
  auto acme = host.create();
  const auto outcome = acme.handle("{}");
  CHECK(outcome.status == JN_E_INVALID);
  CHECK(outcome.message == "the body has no kind");
  CHECK(outcome.events.empty());
}

TEST_CASE("faults at every allocation and every service end in an error, not in a crash") {
  jnc::testing::Host host;
  REQUIRE(host.open(entryOf(ACME)) == JN_OK);
  auto acme = host.create();
  for (size_t n = 1; n <= 3; ++n) {
    host.fail_allocation_at = n;
    const auto outcome = acme.handle(host.fixture(kFixture));
    CHECK((outcome.ok() || outcome.status == JN_E_TOO_LARGE));
  }
  host.fail_allocation_at = 0;
  host.cancel_at = 1;
  CHECK(acme.handle(host.fixture(kFixture)).status == JN_E_CANCELLED);
  host.cancel_at = 0;
  host.sink_status = JN_E_TOO_LARGE;
  CHECK(acme.handle(host.fixture(kFixture)).status == JN_E_TOO_LARGE);
}

TEST_CASE("a host without an interface is refused at open") {
  jnc::testing::Host host;
  CHECK(host.open(entryOf(ACME), {"junctor.json/1"}) != JN_OK);
}

TEST_CASE("the functions for C do the same") {
  CHECK(testingFromC(entryOf(ACME), kFixture) == 0);
}

}  // namespace junctor::testing
