#include <catch2/catch.hpp>
#include <string>

#include "flow/slow_lines.h"

namespace junctor::flow {
namespace {

using Lines = SlowLines<int>;

int serve(Lines& lines) {
  const auto next = lines.take();
  lines.finish(next->first);
  return next->second;
}

TEST_CASE("a line keeps its order, lines take turns") {
  Lines lines(8, 64);
  for (const int item : {1, 2, 3}) REQUIRE(lines.push("stuck", item));
  REQUIRE(lines.push("good", 10));
  CHECK(serve(lines) == 1);
  CHECK(serve(lines) == 10);
  CHECK(serve(lines) == 2);
  CHECK(serve(lines) == 3);
  CHECK(!lines.ready());
}

TEST_CASE("a line is served by one at a time, and whoever comes meanwhile stands behind") {
  Lines lines(8, 64);
  REQUIRE(lines.push("stuck", 1));
  const auto first = lines.take();
  REQUIRE(lines.push("stuck", 2));
  CHECK(!lines.ready());
  CHECK(lines.busy("stuck"));
  lines.finish("stuck");
  CHECK(serve(lines) == 2);
  CHECK(!lines.busy("stuck"));
}

TEST_CASE("a full line takes no more and leaves room for others") {
  Lines lines(2, 3);
  CHECK(lines.push("stuck", 1));
  CHECK(lines.push("stuck", 2));
  CHECK(!lines.push("stuck", 3));
  CHECK(lines.push("good", 4));
  CHECK(!lines.push("other", 5));
  CHECK(!lines.busy("other"));
  CHECK(serve(lines) == 1);
  CHECK(lines.push("other", 5));
}

}  // namespace
}  // namespace junctor::flow
