#include <catch2/catch.hpp>

#include "base/clock.h"

using junctor::formatRfc3339;

TEST_CASE("a time is written in UTC with three digits of milliseconds, before 1970 too") {
  CHECK(formatRfc3339(0) == "1970-01-01T00:00:00.000Z");
  CHECK(formatRfc3339(1'795'294'800'007) == "2026-11-21T21:00:00.007Z");
  CHECK(formatRfc3339(1'709'164'799'999) == "2024-02-28T23:59:59.999Z");
  CHECK(formatRfc3339(1'709'164'800'000) == "2024-02-29T00:00:00.000Z");
  CHECK(formatRfc3339(-1) == "1969-12-31T23:59:59.999Z");
}
