#pragma once
// StoreHouse: a store in a folder of its own and the verbs the contract suite speaks in. The suite
// is engine-blind: whoever builds it links one implementation of openEngine().
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "model/delivery.h"
#include "model/event.h"
#include "store/store.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"

namespace junctor::testing {

// Given by the engine's own file. A second call on the same folder opens the same store again.
Result<std::unique_ptr<store::Store>> openEngine(const std::string& folder,
                                                 const store::StoreOptions& options,
                                                 const Clock& clock);

class StoreHouse {
  TempFolder folder_;  // outlives the store
  const store::StoreOptions options_;

 public:
  explicit StoreHouse(store::StoreOptions options = {}) : options_(std::move(options)) { open(); }

  void open() {
    auto opened = openEngine(folder_.path(), options_, clock);
    INFO((opened ? "" : describe(opened.error())));
    REQUIRE(opened);
    store = *std::move(opened);
    ids.raiseFloor(store->highestOrderKey());
  }
  void close() { store.reset(); }
  void reopen() {
    close();
    open();
  }
  const std::string& folder() const { return folder_.path(); }

  // ---- things to store
  RawRequestPtr request(const std::string& dedupe_key, const std::string& body = "{}",
                        const std::string& tenant = "acme") {
    auto made = std::make_shared<RawRequest>();
    made->id = ids.nextEvent();
    made->tenant = tenant;
    made->integration = tenant + "-hub";
    made->connector = "github";
    made->received_at_ms = clock.unixMs();
    made->method = "POST";
    made->url = "https://hooks.example/v1/webhooks/incoming/" + made->integration;
    made->headers = {{"Content-Type", "application/json"}, {"X-Delivery", dedupe_key}};
    made->body = body;
    made->remote_ip = "203.0.113.9";
    made->dedupe_key = dedupe_key;
    return made;
  }
  static Event eventOf(const RawRequest& request, const std::string& type = "push") {
    Event event;
    event.id = request.id;
    event.request_id = request.id;
    event.tenant = request.tenant;
    event.integration = request.integration;
    event.source = request.connector;
    event.type = type;
    event.source_event_id = request.dedupe_key;
    event.received_at_ms = request.received_at_ms;
    return event;
  }
  Delivery deliveryOf(const Event& event, const std::string& destination = "agent") {
    Delivery delivery;
    delivery.id = ids.nextDelivery();
    delivery.event_id = event.id;
    delivery.tenant = event.tenant;
    delivery.integration = event.integration;
    delivery.destination = destination;
    delivery.route = "all";
    delivery.rule_version = "main@0123456789ab";
    delivery.created_at_ms = clock.unixMs();
    delivery.next_at_ms = clock.unixMs();
    return delivery;
  }
  store::AttemptRecord attemptOf(const Delivery& delivery, int number, DeliveryState state) {
    store::AttemptRecord record;
    record.tenant = delivery.tenant;
    record.ordered = !delivery.order_key.empty();
    record.attempt.delivery_id = delivery.id;
    record.attempt.number = number;
    record.attempt.started_at_ms = clock.unixMs();
    record.attempt.latency_us = 1'500;
    record.attempt.outcome =
        state == DeliveryState::Delivered ? AttemptOutcome::Delivered : AttemptOutcome::HttpError;
    record.attempt.status = state == DeliveryState::Delivered ? 200 : 500;
    record.attempt.request_head = "POST /hook HTTP/1.1";
    record.attempt.response_head = "HTTP/1.1 200 OK";
    record.state = state;
    record.next_at_ms = clock.unixMs() + 5'000;
    if (state == DeliveryState::Dead) record.reason = "attempts-exhausted";
    return record;
  }

  // ---- verbs that wait for the completion
  Result<store::Appended> append(RawRequestPtr request) {
    return wait<store::Appended>([&](auto done) { store->append(request, std::move(done)); });
  }
  Result<store::FlowStored> finish(store::FlowOutcome outcome) {
    return wait<store::FlowStored>(
        [&](auto done) { store->finish(std::move(outcome), std::move(done)); });
  }
  Result<void> record(const store::AttemptRecord& record) {
    return wait<void>([&](auto done) {
      store->record(std::make_shared<const store::AttemptRecord>(record), std::move(done));
    });
  }
  Result<void> plan(std::vector<Delivery> deliveries) {
    return wait<void>(
        [&](auto done) { store->addDeliveries(std::move(deliveries), std::move(done)); });
  }
  Result<void> setState(const Delivery& delivery, DeliveryState state, int64_t next_at_ms = 0,
                        const std::string& reason = "") {
    return wait<void>([&](auto done) {
      store->setDeliveryState(delivery.id, state, next_at_ms, reason, std::move(done));
    });
  }

  // One request through append and flow, with one delivery.
  Delivery deliver(const std::string& dedupe_key, const std::string& tenant = "acme",
                   const std::string& type = "push") {
    const auto raw = request(dedupe_key, "{}", tenant);
    REQUIRE(append(raw));
    const Event event = eventOf(*raw, type);
    const Delivery delivery = deliveryOf(event);
    REQUIRE(finish({raw->id, {event}, {delivery}}));
    return delivery;
  }
  Delivery stored(const Delivery& delivery) {
    auto loaded = store->loadDelivery("", delivery.id);
    REQUIRE(loaded);
    return *loaded;
  }

  template <class T, class Start>
  static Result<T> wait(Start&& start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto answer = promise->get_future();
    start([promise](Result<T> result) { promise->set_value(std::move(result)); });
    return answer.get();
  }

  ManualClock clock;
  IdSource ids{clock};
  std::unique_ptr<store::Store> store;
};

}  // namespace junctor::testing
