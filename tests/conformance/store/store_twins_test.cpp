// The same random operations on both engines: every answer and everything that can be read must be
// the same.
#include <algorithm>

#include "base/limits.h"
#include "base/random.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

using S = DeliveryState;
using store::DueStep;

std::string text(const Result<void>& result) {
  return result ? "ok" : std::string(toString(result.error().code));
}
template <class T>
std::string failure(const Result<T>& result) {
  return std::string(toString(result.error().code));
}

std::string text(const Delivery& d) {
  return d.id.text() + " " + d.event_id.text() + " " + d.tenant + " " + d.destination + " " +
         std::string(toString(d.state)) + " " + std::to_string(d.attempts) + " " +
         std::to_string(d.next_at_ms) + " " + d.order_key + " " + d.reason + " " + d.mapping + " " +
         d.body_json + " " + d.route + " " + d.rule_version + "\n";
}
std::string text(const Event& e) {
  return e.id.text() + " " + e.request_id.text() + " " + e.tenant + " " + e.type + " " +
         e.source_event_id + " " + e.data_json + " " + e.rules + " " +
         std::to_string(e.sequence.value_or(-1)) + "\n";
}

// One engine, and the operations as functions from a seed to an answer in words.
class Twin {
 public:
  Twin(std::unique_ptr<store::Store> store, ManualClock& clock)
      : clock_(clock), store_(std::move(store)) {}

  std::string append(const RawRequestPtr& raw) {
    auto answer =
        StoreHouse::wait<store::Appended>([&](auto done) { store_->append(raw, std::move(done)); });
    if (!answer) return failure(answer);
    return answer->id.text() + (answer->duplicate ? " again" : "");
  }
  std::string finish(store::FlowOutcome outcome) {
    auto answer = StoreHouse::wait<store::FlowStored>(
        [&](auto done) { store_->finish(std::move(outcome), std::move(done)); });
    if (!answer) return failure(answer);
    std::string out;
    for (const bool stored : answer->stored) out += stored ? '1' : '0';
    return out;
  }
  std::string record(const store::AttemptRecord& record) {
    return text(StoreHouse::wait<void>([&](auto done) {
      store_->record(std::make_shared<const store::AttemptRecord>(record), std::move(done));
    }));
  }
  std::string setState(DeliveryId id, S state, int64_t at) {
    return text(StoreHouse::wait<void>(
        [&](auto done) { store_->setDeliveryState(id, state, at, "by hand", std::move(done)); }));
  }
  std::string plan(const std::vector<Delivery>& deliveries) {
    return text(StoreHouse::wait<void>(
        [&](auto done) { store_->addDeliveries(deliveries, std::move(done)); }));
  }
  std::string document(const std::string& key, bool remove) {
    return text(remove ? store_->removeDocument("kind", key)
                       : store_->putDocument("kind", key, "{\"v\":\"" + key + "\"}"));
  }
  std::string due(std::vector<DeliveryId>& ids) {
    ids.clear();
    auto scan = store_->due(clock_.unixMs(), "", [&](const Delivery& delivery) {
      ids.push_back(delivery.id);
      return DueStep::Next;
    });
    if (!scan) return failure(scan);
    std::vector<DeliveryId> sorted = ids;  // lanes may come in another order
    std::sort(sorted.begin(), sorted.end());
    std::string out = std::to_string(scan->next_due_ms.value_or(-1));
    for (const DeliveryId id : sorted) out += " " + id.text();
    return out;
  }

  // All that can be read.
  std::string everything(const std::vector<std::string>& tenants) {
    std::string out;
    for (const std::string& tenant : tenants) {
      const auto ledger = store_->ledger(tenant);
      REQUIRE(ledger);
      out += tenant + " " + std::to_string(ledger->requests) + " " + std::to_string(ledger->inbox) +
             " " + std::to_string(ledger->events);
      for (const int64_t count : ledger->deliveries) out += " " + std::to_string(count);
      out += "\n" + events({.tenant = tenant}) + events({.tenant = tenant, .type = "b*[1-3]"}) +
             events({.tenant = tenant, .integration = tenant + "-hub", .type = "a?1"});
      for (const auto state : {S::Pending, S::Dead, S::Waiting, S::Delivered, S::Discarded}) {
        out += deliveries({.tenant = tenant, .state = state});
      }
      out += deliveries({.tenant = tenant, .destination = "to-1", .limit = 7});
    }
    const auto inbox = store_->inbox(10'000, limits::kWindowBytesMax, nullptr);
    REQUIRE(inbox);
    for (const auto& raw : *inbox) out += raw->id.text() + " " + raw->body + "\n";
    const auto documents = store_->documents("kind");
    REQUIRE(documents);
    for (const auto& [key, json] : *documents) out += key + json;
    return out;
  }

 private:
  std::string events(store::EventQuery query) {
    query.limit = 9;
    std::string out;
    for (;;) {
      const auto page = store_->listEvents(query);
      REQUIRE(page);
      for (const Event& event : page->items) out += text(event);
      if (page->next_cursor.empty()) return out + "--\n";
      query.cursor = page->next_cursor;
    }
  }
  std::string deliveries(store::DeliveryQuery query) {
    std::string out;
    for (;;) {
      const auto page = store_->listDeliveries(query);
      REQUIRE(page);
      for (const Delivery& delivery : page->items) {
        out += text(delivery);
        const auto attempts = store_->listAttempts(delivery.id);
        REQUIRE(attempts);
        for (const Attempt& attempt : *attempts) {
          out += " " + std::to_string(attempt.number) + " " + std::to_string(attempt.status);
        }
      }
      if (page->next_cursor.empty()) return out + "--\n";
      query.cursor = page->next_cursor;
    }
  }

  ManualClock& clock_;
  std::unique_ptr<store::Store> store_;
};

class Twins : StoreHouse {
 public:
  explicit Twins(uint64_t seed) : random_(seed), postgres_(std::move(store), clock) {
    store::StoreOptions options;
    options.data_dir = sqlite_folder_.path();
    auto opened = store::open("sqlite", options, clock);
    REQUIRE(opened);
    sqlite_ = std::make_unique<Twin>(*std::move(opened), clock);
  }

  void step() {
    clock.pass(std::chrono::milliseconds(random_.next() % 2'000));
    switch (random_.next() % 10) {
      case 0:
      case 1:
      case 2:
        return append();
      case 3:
      case 4:
        return finish();
      case 5:
      case 6:
        return record();
      case 7:
        return setState();
      case 8:
        return plan();
      default:
        return document();
    }
  }
  void compare() {
    const std::vector<std::string> tenants = {"", "acme", "globex", "nobody"};
    both([&](Twin& twin) { return twin.everything(tenants); });
    both([&](Twin& twin) { return twin.due(due_); });
  }

 private:
  template <class Ask>
  void both(const Ask& ask) {
    const std::string expected = ask(*sqlite_), found = ask(postgres_);
    REQUIRE(found == expected);
  }
  template <class T>
  const T& any(const std::vector<T>& list) {
    return list[random_.next() % list.size()];
  }
  bool chance(uint64_t of) { return random_.next() % of == 0; }

  void append() {
    const std::string tenant = chance(2) ? "acme" : "globex";
    const std::string key = chance(5) ? "" : "k-" + std::to_string(random_.next() % 200);
    const auto raw = request(key, std::string(random_.next() % 50, 'x'), tenant);
    both([&](Twin& twin) { return twin.append(raw); });
    requests_.push_back(raw);
  }
  void finish() {
    if (requests_.empty()) return;
    const auto raw = any(requests_);
    store::FlowOutcome outcome{raw->id, {}, {}};
    const size_t events = 1 + random_.next() % 3;
    for (size_t i = 0; i < events; ++i) {
      Event event = eventOf(*raw, (chance(2) ? "a.1" : "b.") + std::to_string(random_.next() % 5));
      if (i > 0) event.id = ids.nextEvent();
      event.source_event_id =
          chance(3) ? "" : "s-" + std::to_string(random_.next() % 90) + "/" + std::to_string(i);
      event.data_json = chance(2) ? "{\"é\":1}" : "";
      if (chance(3)) event.sequence = static_cast<int64_t>(random_.next() % 1'000);
      outcome.events.push_back(event);
      for (uint64_t n = random_.next() % 3; n > 0; --n) outcome.deliveries.push_back(make(event));
    }
    both([&](Twin& twin) { return twin.finish(outcome); });
    for (const Event& event : outcome.events) events_.push_back(event);
    for (const Delivery& delivery : outcome.deliveries) deliveries_.push_back(delivery);
  }
  Delivery make(const Event& event) {
    Delivery delivery = deliveryOf(event, "to-" + std::to_string(random_.next() % 3));
    delivery.state = chance(5) ? S::Filtered : chance(6) ? S::Dead : S::Pending;
    if (chance(2)) delivery.order_key = "o-" + std::to_string(random_.next() % 3);
    if (chance(3)) delivery.next_at_ms += 3'000;
    if (delivery.state != S::Pending) delivery.reason = "because";
    if (chance(4)) delivery.body_json = "{}";
    return delivery;
  }
  void record() {
    if (deliveries_.empty()) return;
    const Delivery& delivery = any(deliveries_);
    const S state = chance(3)   ? S::Pending
                    : chance(3) ? S::Dead
                    : chance(8) ? S::Waiting
                                : S::Delivered;
    const int number = static_cast<int>(1 + random_.next() % 4);
    const auto made = attemptOf(delivery, number, state);
    both([&](Twin& twin) { return twin.record(made); });
  }
  void setState() {
    if (deliveries_.empty()) return;
    const DeliveryId id = any(deliveries_).id;
    const S state = chance(2) ? S::Pending : chance(2) ? S::Discarded : S::Waiting;
    both([&](Twin& twin) { return twin.setState(id, state, clock.unixMs()); });
  }
  void plan() {
    if (events_.empty()) return;
    const std::vector<Delivery> made = {make(any(events_)), make(any(events_))};
    both([&](Twin& twin) { return twin.plan(made); });
    deliveries_.insert(deliveries_.end(), made.begin(), made.end());
  }
  void document() {
    const std::string key = "d-" + std::to_string(random_.next() % 5);
    const bool remove = chance(2);
    both([&](Twin& twin) { return twin.document(key, remove); });
  }

  SeededRandom random_;
  TempFolder sqlite_folder_;
  Twin postgres_;
  std::unique_ptr<Twin> sqlite_;
  std::vector<RawRequestPtr> requests_;
  std::vector<Event> events_;
  std::vector<Delivery> deliveries_;
  std::vector<DeliveryId> due_;
};

TEST_CASE("both engines answer alike, whatever is asked of them in whatever order") {
  for (const uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    INFO("seed " << seed);
    Twins twins(seed);
    for (int step = 1; step <= 400; ++step) {
      twins.step();
      if (step % 50 == 0) twins.compare();
    }
  }
}

}  // namespace
}  // namespace junctor::testing
