#include "store/sqlite/dedupe_window.h"

#include <catch2/catch.hpp>
#include <map>

#include "base/random.h"

namespace junctor::store {
namespace {

constexpr int64_t kNow = 1'763'700'000'000;
int64_t keyAt(int64_t ms, int64_t sequence = 0) {
  return ms << 12 | sequence;
}
bool any(int64_t) {
  return true;
}

TEST_CASE("a fingerprint is found with its row key") {
  DedupeWindow window(1'000);
  window.insert({7, keyAt(kNow)}, kNow);
  CHECK(window.find(7, kNow, any) == keyAt(kNow));
  CHECK_FALSE(window.find(8, kNow, any));
}

TEST_CASE("a colliding fingerprint does not hide the entry behind it") {
  DedupeWindow window(1'000);
  window.insert({7, keyAt(kNow, 1)}, kNow);
  window.insert({7, keyAt(kNow, 2)}, kNow);
  CHECK(window.find(7, kNow, [](int64_t key) { return key == keyAt(kNow, 2); }) == keyAt(kNow, 2));
  CHECK_FALSE(window.find(7, kNow, [](int64_t) { return false; }));
}

TEST_CASE("entries older than the window are not found and give their place away") {
  DedupeWindow window(1'000);
  for (uint64_t i = 1; i <= 10'000; ++i) {
    window.insert({i * 0x9e3779b97f4a7c15ULL, keyAt(kNow)}, kNow);
  }
  const size_t before = window.memoryBytes();
  CHECK_FALSE(window.find(0x9e3779b97f4a7c15ULL, kNow + 1'000, any));
  for (uint64_t i = 10'001; i <= 30'000; ++i) {
    const int64_t now = kNow + static_cast<int64_t>(i);
    window.insert({i * 0x9e3779b97f4a7c15ULL, keyAt(now)}, now);
  }
  CHECK(window.size() < 20'000);
  CHECK(window.memoryBytes() <= before * 2);
}

TEST_CASE("random inserts and take-backs agree with a plain map") {
  DedupeWindow window(1'000'000);
  std::multimap<uint64_t, int64_t> model;
  SeededRandom random(3);
  for (int i = 0; i < 50'000; ++i) {
    // Few prints in few shards, so that runs of full slots are long.
    const uint64_t print = 1 + random.next() % 400;
    if (random.next() % 3 != 0 || model.empty()) {
      window.insert({print, keyAt(kNow, i)}, kNow);
      model.emplace(print, keyAt(kNow, i));
    } else if (const auto found = model.find(print); found != model.end()) {
      window.erase({print, found->second});
      model.erase(found);
    }
    if (model.size() > 1'000) {
      window.erase({model.begin()->first, model.begin()->second});
      model.erase(model.begin());
    }
  }
  CHECK(window.size() == model.size());
  for (const auto& [print, key] : model) {
    CHECK(window.find(print, kNow, [k = key](int64_t seen) { return seen == k; }) == key);
  }
  for (uint64_t print = 1; print <= 400; ++print) {
    size_t count = 0;
    (void)window.find(print, kNow, [&](int64_t) { return ++count, false; });
    CHECK(count == model.count(print));
  }
}

TEST_CASE("taking back what is not there changes nothing") {
  DedupeWindow window(1'000);
  window.erase({7, keyAt(kNow)});
  window.insert({7, keyAt(kNow, 1)}, kNow);
  window.erase({7, keyAt(kNow, 2)});
  CHECK(window.size() == 1);
}

}  // namespace
}  // namespace junctor::store
