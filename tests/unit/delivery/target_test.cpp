#include "delivery/target.h"

#include <catch2/catch.hpp>

using junctor::Catalog;
using junctor::Destination;

namespace {

Destination agent() {
  Destination destination;
  destination.name = "agent";
  destination.tenant = "acme";
  destination.url = "https://agent.example/hook";
  destination.headers = {{"X-Team", "blue"}, {"Authorization", "env:TOKEN"}};
  return destination;
}

}  // namespace

TEST_CASE("a header that refers to a secret is sent with the secret") {
  auto catalog = std::make_shared<Catalog>();
  catalog->tenants["acme"].id = "acme";
  catalog->tenants["acme"].destinations["agent"] = agent();
  const auto table = junctor::delivery::buildTargets(
      catalog, junctor::config::Environment{{"TOKEN", "Bearer abc"}});
  const auto* target = table->find("acme", "agent");
  REQUIRE(target != nullptr);
  CHECK(target->unavailable.empty());
  CHECK(target->headers == junctor::Headers{{"X-Team", "blue"}, {"Authorization", "Bearer abc"}});
}

TEST_CASE("a destination whose header refers to nothing is refused by name and does not send") {
  const auto checked = junctor::delivery::checkDestination(agent(), junctor::config::Environment{});
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().message.find("env:TOKEN") != std::string::npos);
  auto catalog = std::make_shared<Catalog>();
  catalog->tenants["acme"].destinations["agent"] = agent();
  CHECK_FALSE(junctor::delivery::buildTargets(catalog, junctor::config::Environment{})
                  ->find("acme", "agent")
                  ->unavailable.empty());
}
