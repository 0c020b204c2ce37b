#include "app/catalog_keeper.h"

#include <catch2/catch.hpp>

using junctor::Tenant;
using junctor::app::describeChanges;
using Lines = std::vector<std::string>;

TEST_CASE("a tenant's new name is a change; the same name is none") {
  Tenant before, after;
  before.id = after.id = "demo";
  before.name = after.name = "Demo";
  CHECK(describeChanges(&before, after).empty());
  after.name = "Demonstration";
  CHECK(describeChanges(&before, after) == Lines{"demo: name changed"});
  CHECK(describeChanges(nullptr, after) == Lines{"demo: tenant added"});
}
