// Requests: durable, whole, and stored once.
#include "base/limits.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

constexpr std::chrono::hours kWindow{72};

TEST_CASE("a stored request comes back byte for byte") {
  StoreHouse house;
  RawRequest made = *house.request("d-1");
  made.body = std::string("\0\xff\x01{\"a\":1}", 10);
  made.headers = {
      {"X-Odd", std::string("\xe9 \x80\n\0:", 6)}, {"x-odd", ""}, {"Long", std::string(300, 'v')}};
  const auto raw = std::make_shared<const RawRequest>(made);
  REQUIRE(house.append(raw)->id == raw->id);

  const auto loaded = house.store->loadRequest("acme", raw->id);
  REQUIRE(loaded);
  const RawRequest& back = **loaded;
  CHECK(back.id == made.id);
  CHECK(back.tenant == made.tenant);
  CHECK(back.integration == made.integration);
  CHECK(back.connector == made.connector);
  CHECK(back.received_at_ms == made.received_at_ms);
  CHECK(back.method == made.method);
  CHECK(back.url == made.url);
  CHECK(back.headers == made.headers);
  CHECK(back.body == made.body);
  CHECK(back.remote_ip == made.remote_ip);
  CHECK(back.dedupe_key == made.dedupe_key);
}

TEST_CASE("a request of many pages comes back whole") {
  StoreHouse house;
  const auto raw = house.request("big", std::string(1'000'000, 'x'));
  REQUIRE(house.append(raw));
  CHECK((*house.store->loadRequest("", raw->id))->body == raw->body);
}

TEST_CASE("a second request with the same key is answered with the first one's id") {
  StoreHouse house;
  const auto first = house.request("d-1", "first");
  const auto second = house.request("d-1", "second");
  CHECK_FALSE(house.append(first)->duplicate);
  const auto answer = house.append(second);
  REQUIRE(answer);
  CHECK(answer->duplicate);
  CHECK(answer->id == first->id);
  CHECK(house.store->loadRequest("", second->id).error().code == ErrorCode::NotFound);
  CHECK(house.store->ledger("acme")->requests == 1);
}

TEST_CASE("duplicates in one batch are answered with the first one's id") {
  StoreHouse house;
  std::vector<RawRequestPtr> requests;
  for (int i = 0; i < 300; ++i) requests.push_back(house.request("key-" + std::to_string(i % 100)));
  std::vector<Result<store::Appended>> answers;  // completions run on one thread
  for (const auto& raw : requests) {
    house.store->append(raw, [&](Result<store::Appended> r) { answers.push_back(std::move(r)); });
  }
  house.store->flush();
  REQUIRE(answers.size() == 300);
  for (size_t i = 0; i < answers.size(); ++i) {
    REQUIRE(answers[i]);
    CHECK(answers[i]->id == requests[i % 100]->id);
    CHECK(answers[i]->duplicate == (i >= 100));
  }
}

TEST_CASE("the same key of another integration is another request") {
  StoreHouse house;
  CHECK_FALSE(house.append(house.request("d-1", "{}", "acme"))->duplicate);
  CHECK_FALSE(house.append(house.request("d-1", "{}", "globex"))->duplicate);
}

TEST_CASE("requests without a dedupe key are never duplicates") {
  StoreHouse house;
  CHECK_FALSE(house.append(house.request("", "same"))->duplicate);
  CHECK_FALSE(house.append(house.request("", "same"))->duplicate);
  CHECK(house.store->ledger("acme")->requests == 2);
}

TEST_CASE("dedupe survives a restart") {
  StoreHouse house;
  const auto first = house.request("d-1");
  REQUIRE(house.append(first));
  house.reopen();
  const auto answer = house.append(house.request("d-1"));
  REQUIRE(answer);
  CHECK(answer->duplicate);
  CHECK(answer->id == first->id);
}

TEST_CASE("a key is free again when the dedupe window has passed") {
  StoreHouse house;
  const auto first = house.request("d-1");
  REQUIRE(house.append(first));
  house.clock.pass(kWindow - std::chrono::seconds(1));
  CHECK(house.append(house.request("d-1"))->duplicate);
  house.clock.pass(std::chrono::seconds(2));
  const auto later = house.request("d-1");
  CHECK_FALSE(house.append(later)->duplicate);
  CHECK(house.append(house.request("d-1"))->id == later->id);
}

TEST_CASE("the dedupe window is an option and holds over a restart") {
  store::StoreOptions options;
  options.dedupe_window_ms = 60'000;
  StoreHouse house(options);
  REQUIRE(house.append(house.request("old")));
  house.clock.pass(std::chrono::seconds(45));
  REQUIRE(house.append(house.request("young")));
  house.clock.pass(std::chrono::seconds(30));
  house.reopen();
  CHECK_FALSE(house.append(house.request("old"))->duplicate);
  CHECK(house.append(house.request("young"))->duplicate);
}

TEST_CASE("an id that is not a UUIDv7 is refused and disturbs nobody") {
  StoreHouse house;
  RawRequest odd = *house.request("odd");
  odd.id.uuid.hi ^= 0x1000;
  std::vector<Result<store::Appended>> answers;
  const auto keep = [&](Result<store::Appended> r) { answers.push_back(std::move(r)); };
  house.store->append(house.request("a"), keep);
  house.store->append(std::make_shared<const RawRequest>(odd), keep);
  house.store->append(house.request("b"), keep);
  house.store->flush();
  REQUIRE(answers.size() == 3);
  CHECK(answers[0]);
  CHECK(answers[1].error().code == ErrorCode::InvalidArgument);
  CHECK(answers[2]);
}

TEST_CASE("an id stored before is refused and the rest of its batch is stored") {
  StoreHouse house;
  const auto first = house.request("a");
  REQUIRE(house.append(first));
  RawRequest again = *house.request("b");
  again.id = first->id;
  std::vector<Result<store::Appended>> answers;
  const auto keep = [&](Result<store::Appended> r) { answers.push_back(std::move(r)); };
  house.store->append(house.request("c"), keep);
  house.store->append(std::make_shared<const RawRequest>(again), keep);
  house.store->append(house.request("d"), keep);
  house.store->flush();
  REQUIRE(answers.size() == 3);
  CHECK(answers[0]);
  CHECK(answers[1].error().code == ErrorCode::AlreadyExists);
  CHECK(answers[2]);
  CHECK_FALSE(house.append(house.request("b"))->duplicate);  // its key was not taken
  CHECK(house.store->ledger("acme")->requests == 4);
}

TEST_CASE("a full append queue refuses at once and stores the rest") {
  StoreHouse house;
  // The first completion holds the writer until all have been queued.
  std::promise<void> go;
  auto gate = go.get_future().share();
  std::atomic<size_t> stored = 0, refused = 0, on_my_thread = 0;
  house.store->append(house.request(""), [&](Result<store::Appended> answer) {
    stored += answer.has_value() ? 1 : 0;
    gate.wait();
  });
  const size_t more = limits::kAppendQueueMax + 2'000;
  for (size_t i = 0; i < more; ++i) {
    bool inside = true;
    house.store->append(house.request(""), [&, flag = &inside](Result<store::Appended> answer) {
      if (answer) {
        ++stored;
        return;
      }
      CHECK(answer.error().code == ErrorCode::Unavailable);
      ++refused;
      if (*flag) ++on_my_thread;
    });
    inside = false;
  }
  go.set_value();
  house.store->flush();
  CHECK(refused == on_my_thread);
  CHECK(refused >= 900);  // up to a batch was taken before the gate shut
  CHECK(stored + refused == more + 1);
  CHECK(house.store->ledger("acme")->requests == static_cast<int64_t>(stored.load()));
}

}  // namespace
}  // namespace junctor::testing
