// The host's interfaces, tested from inside a connector written in C (connectors/probe.c).
#include "unit/plugin/plugin_house.h"

namespace junctor::testing {
namespace {

void probe(const char* check) {
  const PluginHouse house;
  for (int round = 0; round < 2; ++round) {  // the second call finds the memory of the first
    const auto result = house.handle("probe", check);
    if (!result) FAIL(check << ": " << describe(result.error()));
    REQUIRE(result->events.size() == 1);
    CHECK(result->events[0].type == "passed");
  }
}

}  // namespace

TEST_CASE("junctor.json/1 reads every kind of value and answers absent for the rest") {
  probe("json");
}
TEST_CASE("junctor.json/1 writes one valid value") {
  probe("writer");
}
TEST_CASE("junctor.json/1 refuses to finish what is not one JSON value") {
  probe("misuse");
}
TEST_CASE("every service survives NULL") {
  probe("nulls");
}
TEST_CASE("arena, documents and writers of one call are limited") {
  probe("limits");
}
TEST_CASE("junctor.codec/1 encodes, decodes and digests") {
  probe("codec");
}
TEST_CASE("junctor.clock/1 gives the host's time and parses providers' times") {
  probe("clock");
}
TEST_CASE("junctor.crypto/1 verifies RFC 8032's vector, and no MAC without a secret") {
  probe("crypto");
}
TEST_CASE("the host says who is calling, offers only what it has, and bounds the log") {
  probe("host");
}

}  // namespace junctor::testing
