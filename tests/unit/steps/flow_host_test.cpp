// The host of flows over a real store: steps are remembered, put off, tried again, and never twice.
#include "steps/flow_host.h"

#include <catch2/catch.hpp>
#include <future>

#include "base/limits.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"

namespace junctor::steps {
namespace {

using namespace std::chrono_literals;

class NoConnectors final : public plugin::Registry {
 public:
  std::shared_ptr<plugin::Connector> find(const std::string&) const override { return nullptr; }
  std::vector<std::shared_ptr<plugin::Connector>> all() const override { return {}; }
  std::vector<std::pair<std::string, std::string>> refused() const override { return {}; }
};

// How a lease ended.
struct Ended {
  std::optional<store::AttemptRecord> record;
  int64_t due_at_ms = 0;

  std::string said() const {
    if (!record) return "suspended";
    if (record->state == DeliveryState::Delivered) return record->attempt.response_head;
    return std::string(toString(record->state)) + ": " + record->attempt.error;
  }
};

// One tenant, one flow, one delivery of it.
struct House {
  testing::TempFolder folder;
  testing::ManualClock clock;
  observe::Metrics metrics;
  IdSource ids{clock};
  NoConnectors connectors;
  std::shared_ptr<Catalog> catalog = std::make_shared<Catalog>();
  std::optional<delivery::CallWait> refuse_call;
  std::vector<std::string> emitted;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<net::HttpClient> client;
  std::unique_ptr<action::Desk> desk;
  std::unique_ptr<FlowHost> host;
  Delivery delivery;
  EventPtr event;

  explicit House(const std::string& body, const std::string& head = "") {
    Tenant& tenant = catalog->tenants["acme"];
    tenant.id = "acme";
    Destination& crm = tenant.destinations["crm"];
    crm = {};
    crm.name = "crm";
    crm.tenant = "acme";
    crm.url = "http://127.0.0.1:9/";  // refused before it is dialed
    Destination& notes = tenant.destinations["notes"];
    notes.name = "notes";
    notes.tenant = "acme";
    notes.type = "log";
    publish(body, head);
    open();
    plan();
  }
  ~House() { close(); }

  void publish(const std::string& body, const std::string& head = "") {
    catalog->tenants["acme"].rules = {{"acme", "rule",
                                       "return jn.flow { name = \"x\", when = {}, " + head +
                                           " run = function(event, f)\n" + body + "\nend }",
                                       "v1"}};
  }
  void open() {
    store::StoreOptions options;
    options.data_dir = folder.path();
    auto opened = store::open("sqlite", options, clock);
    REQUIRE(opened);
    store = *std::move(opened);
    client = net::startHttpClient(clock);
    desk = std::make_unique<action::Desk>(action::DeskDeps{
        *store, connectors, [this] { return CatalogPtr(catalog); }, {}, clock, metrics});
    PerformerDeps deps{
        *store,
        *client,
        *desk,
        ids,
        clock,
        [this](const std::string&, const std::string&) { return refuse_call; },
        [](const std::string&, const std::string&, queue::GateSign, std::optional<int64_t>) {},
        [this](const RawRequestPtr& request) { emitted.push_back(request->body); }};
    host = std::make_unique<FlowHost>(FlowHostDeps{std::move(deps), nullptr, [] {}, metrics});
    adopt();
    host->start();
  }
  void adopt() {
    const CatalogPtr now = catalog;
    host->adopt(flow::buildRulebook(now, nullptr),
                delivery::buildTargets(now, config::SecretSource(config::Environment{})));
  }
  void close() {
    if (host) host->stop();
    if (host) host->finish();
    client.reset();
    host.reset();
    desk.reset();
    store.reset();
  }
  void restart() {
    close();
    open();
  }

  void plan() {
    auto request = std::make_shared<RawRequest>();
    request->id = ids.nextEvent();
    request->tenant = "acme";
    request->integration = "hub";
    request->connector = "generic";
    request->received_at_ms = clock.unixMs();
    request->method = "POST";
    request->body = R"({"n":7})";
    Event made;
    made.id = made.request_id = request->id;
    made.tenant = "acme";
    made.integration = "hub";
    made.source = "generic";
    made.type = "ticket.created";
    made.received_at_ms = request->received_at_ms;
    delivery.id = ids.nextDelivery();
    delivery.event_id = made.id;
    delivery.tenant = "acme";
    delivery.integration = "hub";
    delivery.destination = "flow:x";
    delivery.route = "x";
    delivery.rule_version = "rule@v1";
    delivery.state = DeliveryState::Pending;
    delivery.created_at_ms = delivery.next_at_ms = clock.unixMs();
    delivery.attempts = 1;
    event = std::make_shared<const EventEnvelope>(EventEnvelope{made, request});
    std::promise<bool> stored;
    store->append(request, [&](const Result<store::Appended>& appended) {
      REQUIRE(appended);
      store->finish({made.id, {made}, {delivery}}, [&](const Result<store::FlowStored>& finished) {
        stored.set_value(bool(finished));
      });
    });
    REQUIRE(stored.get_future().get());
  }

  Ended run() {
    std::promise<Ended> ended;
    delivery::FlowLease lease;
    lease.delivery = delivery;
    lease.event = event;
    lease.conclude = [&](store::AttemptRecord record) {
      const int64_t due = record.next_at_ms;
      ended.set_value({std::move(record), due});
    };
    lease.suspend = [&](int64_t due_at_ms) { ended.set_value({std::nullopt, due_at_ms}); };
    host->run(std::move(lease));
    return ended.get_future().get();
  }
  int64_t waits(const Ended& ended) const { return ended.due_at_ms - clock.unixMs(); }
  Step step(const std::string& key) {
    const auto steps = store->listSteps(delivery.id);
    for (const Step& one : *steps) {
      if (one.key == key) return one;
    }
    FAIL("there is no step " << key);
    return {};
  }
};

TEST_CASE("a flow goes from step to step to its result, and steps are in the store", "[steps]") {
  House house(R"(
    f.set("k", { seen = event.n })
    local kept = f.get("k")
    local id = f.emit { type = "seen.once", data = kept }
    f.call("notes", { n = kept.seen })
    return { n = kept.seen }
  )");
  CHECK(house.run().said() == R"({"n":7})");
  REQUIRE(house.emitted.size() == 1);
  CHECK(house.step("1").state == StepState::Done);
  CHECK(house.step("4").target == "notes");
}

TEST_CASE("a sleep gives the delivery back; after it, and a restart, no step is done again",
          "[steps]") {
  House house(R"(
    f.emit { type = "before", data = { n = 1 } }
    f.sleep("10m")
    f.emit { type = "after", data = { n = 2 } }
    return "done")");
  const Ended slept = house.run();
  CHECK(slept.said() == "suspended");
  CHECK(house.waits(slept) == 600'000);
  CHECK(house.emitted.size() == 1);
  house.restart();
  CHECK(house.run().said() == "suspended");  // too early
  house.clock.pass(10min);
  CHECK(house.run().said() == "\"done\"");
  CHECK(house.emitted.size() == 2);
}

TEST_CASE("a failing step is tried by the flow's schedule, then it is a dead letter", "[steps]") {
  House house(R"(return f.call("nowhere", {}))", R"(retry = { "0s", "20s" },)");
  const Ended first = house.run();
  CHECK(first.said() == "pending: step 1 (call nowhere): there is no destination 'nowhere'");
  CHECK(house.waits(first) >= 16'000);
  CHECK(house.waits(first) <= 24'000);
  CHECK(house.step("1").tries == 1);
  house.clock.pass(30s);
  CHECK(house.run().said() == "dead: step 1 (call nowhere): there is no destination 'nowhere'");
}

TEST_CASE("an optional step that fails degrades", "[steps]") {
  House house(R"(
    local answer, why = f.call("nowhere", {}, { optional = true })
    return { answer = answer == nil, why = why })");
  CHECK(house.run().said() == R"({"answer":true,"why":"there is no destination 'nowhere'"})");
}

TEST_CASE("a call waits while its destination does not take deliveries, and costs no try",
          "[steps]") {
  House house(R"(return f.call("crm", {}, { tries = 1 }))");
  house.refuse_call = delivery::CallWait{"crm: it is paused", 30'000, true};
  for (int i = 0; i < 3; ++i) {
    const Ended put_off = house.run();
    CHECK(put_off.said() == "suspended");
    CHECK(house.waits(put_off) == 30'000);
    CHECK(house.step("1").tries == 0);
    CHECK(house.step("1").error == "crm: it is paused");
    house.clock.pass(31s);
  }
  house.refuse_call.reset();  // and then it is tried: a private network is no place to go
  CHECK(house.run().said().starts_with("dead: step 1 (call crm)"));
  CHECK(house.step("1").tries == 1);
}

TEST_CASE("an optional call waits for its turn, but not for a destination in trouble", "[steps]") {
  House house(R"(
    local answer, why = f.call("crm", {}, { optional = true, tries = 3 })
    return why)");
  house.refuse_call = delivery::CallWait{"crm: no more at once", 250, false};
  CHECK(house.waits(house.run()) == 250);
  house.clock.pass(1s);
  house.refuse_call = delivery::CallWait{"crm: it is paused", 30'000, true};
  CHECK(house.run().said() == R"("crm: it is paused")");
}

TEST_CASE("a flow that does otherwise than before is told so", "[steps]") {
  House house(R"(f.sleep("1m") f.emit { type = "a" })");
  CHECK(house.run().said() == "suspended");
  house.clock.pass(2min);
  house.publish(R"(f.sleep("2m") f.emit { type = "a" })");
  house.adopt();
  CHECK(house.run().said().starts_with("dead: flow-changed: rule@v1:"));
}

TEST_CASE("a version that is gone is a dead letter that names it", "[steps]") {
  House house("return 1");
  house.catalog->tenants["acme"].rules.clear();
  house.adopt();
  CHECK(house.run().said().starts_with("dead: flow-gone: version rule@v1"));
}

TEST_CASE("at its budget a flow asks no model before the next day", "[steps]") {
  House house(R"(return f.llm("openai", { model = "m", prompt = "p" }))",
              "llm = { tokens_per_day = 100 },");
  LlmMeter meter(*house.store, house.clock);
  meter.adopt(house.catalog);
  REQUIRE(meter.add("acme", "y", "m", nullptr, 3'000, 0));                  // another flow's
  CHECK(house.run().said() == "dead: step 1 (llm openai): there is no integration 'openai'");

  House spent(R"(return f.llm("openai", { model = "m", prompt = "p" }))",
              "llm = { tokens_per_day = 100 },");
  LlmMeter other(*spent.store, spent.clock);
  other.adopt(spent.catalog);
  REQUIRE(other.add("acme", "x", "m", nullptr, 3'000, 0));
  const Ended waits = spent.run();
  CHECK(waits.said() == "suspended");
  constexpr int64_t kDayMs = 24LL * 3'600'000;
  CHECK((spent.clock.unixMs() + spent.waits(waits)) % kDayMs == 0);
  CHECK(spent.step("1").error == "the flow's budget for models of 100 tokens a day is used up");
  CHECK(spent.step("1").tries == 0);
}

TEST_CASE("tokens and money are counted by day, tenant and flow, over a restart", "[steps]") {
  House house("return 1");
  Quotas& quotas = house.catalog->tenants["acme"].quotas;
  quotas.llm.money_micros_per_day = 1'000'000;
  quotas.llm_prices["m"] = {2'000'000, 10'000'000};
  const auto usage = *mapping::parseValue(R"({"prompt_tokens":100000,"completion_tokens":50000})");
  const auto refusal = [&](const std::string& model) -> std::string {
    LlmMeter meter(*house.store, house.clock);
    meter.adopt(house.catalog);
    const auto refused = meter.refuse("acme", "x", {}, model);
    REQUIRE(refused);
    return *refused ? (*refused)->why : "";
  };
  CHECK(refusal("m") == "");
  CHECK(refusal("n").starts_with("there is a cap on money and no price of model 'n'"));
  {
    LlmMeter meter(*house.store, house.clock);
    meter.adopt(house.catalog);
    REQUIRE(meter.add("acme", "x", "m", &usage, 0, 0));
    CHECK(meter.spent("acme")->tokens == 150'000);
    CHECK(meter.spent("acme")->money_micros == 700'000);
    CHECK(meter.spent("acme", "x")->tokens == 150'000);
    CHECK(meter.spent("acme", "y")->tokens == 0);
    CHECK(meter.spent("other")->tokens == 0);
  }
  CHECK(refusal("m") == "");
  house.restart();
  {
    LlmMeter meter(*house.store, house.clock);
    meter.adopt(house.catalog);
    REQUIRE(meter.add("acme", "y", "m", &usage, 0, 0));
  }
  CHECK(refusal("m") == "the tenant's budget for models of 1 a day is used up");
  house.clock.pass(24h);
  CHECK(refusal("m") == "");
}

}  // namespace
}  // namespace junctor::steps
