// Values and answers that flows keep: durable, per tenant, bounded.
#include "steps/keepsakes.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "crypto/hash.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"

namespace junctor::steps {
namespace {

struct Shelf {
  testing::TempFolder folder;
  testing::ManualClock clock;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Keepsakes> keepsakes;

  Shelf() { open(); }
  void open() {
    keepsakes.reset();
    store.reset();
    store::StoreOptions options;
    options.data_dir = folder.path();
    auto opened = store::open("sqlite", options, clock);
    REQUIRE(opened);
    store = *std::move(opened);
    keepsakes = std::make_unique<Keepsakes>(*store, clock);
  }
};

TEST_CASE("a value is kept for its tenant, over a restart, until it is removed", "[steps]") {
  Shelf shelf;
  REQUIRE(shelf.keepsakes->setValue("acme", "k", R"({"n":1})"));
  shelf.open();
  CHECK(*shelf.keepsakes->value("acme", "k") == R"({"n":1})");
  CHECK(*shelf.keepsakes->value("other", "k") == "");
  REQUIRE(shelf.keepsakes->setValue("acme", "k", "2"));
  CHECK(*shelf.keepsakes->value("acme", "k") == "2");
  REQUIRE(shelf.keepsakes->setValue("acme", "k", ""));
  CHECK(*shelf.keepsakes->value("acme", "k") == "");
  CHECK(shelf.keepsakes->setValue("acme", "k", ""));
}

// Texts whose bucket is the same.
std::vector<std::string> neighbours(size_t count) {
  std::vector<std::string> all;
  for (int i = 0; all.size() < count; ++i) {
    std::string text = "k" + std::to_string(i);
    if (crypto::sha256Hex(text).starts_with("00")) all.push_back(std::move(text));
  }
  return all;
}

TEST_CASE("a tenant keeps no more values than it may; those it has may change", "[steps]") {
  Shelf shelf;
  const auto keys = neighbours(limits::kFlowKvKeysMax + 1);
  for (size_t i = 0; i < limits::kFlowKvKeysMax; ++i) {
    REQUIRE(shelf.keepsakes->setValue("acme", keys[i], "1"));
  }
  CHECK(shelf.keepsakes->setValue("acme", keys.back(), "1").error().code ==
        ErrorCode::ResourceExhausted);
  CHECK(shelf.keepsakes->setValue("other", keys.back(), "1"));
  CHECK(shelf.keepsakes->setValue("acme", keys.front(), "2"));
  CHECK(shelf.keepsakes->setValue("acme", keys.front(), ""));
  CHECK(shelf.keepsakes->setValue("acme", keys.back(), "1"));
}

TEST_CASE("an answer serves as long as both who kept and who asks say", "[steps]") {
  Shelf shelf;
  const auto ask = [&](int64_t age_ms) {
    const auto answer = shelf.keepsakes->answer("acme", "d1", age_ms);
    REQUIRE(answer);
    return answer->value_or("none");
  };
  CHECK(ask(1'000) == "none");
  REQUIRE(shelf.keepsakes->keepAnswer("acme", "d1", R"("a")", 60'000));
  shelf.clock.pass(std::chrono::seconds(10));
  CHECK(ask(11'000) == R"("a")");
  CHECK(ask(10'000) == "none");
  CHECK(*shelf.keepsakes->answer("other", "d1", 60'000) == std::nullopt);
  shelf.clock.pass(std::chrono::seconds(50));
  CHECK(ask(3'600'000) == "none");
}

TEST_CASE("of answers in one bucket the oldest make room", "[steps]") {
  Shelf shelf;
  const auto digests = neighbours(limits::kFlowCacheEntriesMax + 1);
  for (const std::string& digest : digests) {
    REQUIRE(shelf.keepsakes->keepAnswer("acme", digest, "1", 60'000));
    shelf.clock.pass(std::chrono::milliseconds(1));
  }
  CHECK_FALSE(shelf.keepsakes->answer("acme", digests.front(), 60'000)->has_value());
  CHECK(shelf.keepsakes->answer("acme", digests[1], 60'000)->has_value());
  CHECK(shelf.keepsakes->answer("acme", digests.back(), 60'000)->has_value());
  shelf.clock.pass(std::chrono::minutes(2));
  REQUIRE(shelf.keepsakes->keepAnswer("acme", digests.front(), "2", 60'000));
  CHECK(shelf.store->documents("flow-answer:acme:00")->size() == 1);
}

}  // namespace
}  // namespace junctor::steps
