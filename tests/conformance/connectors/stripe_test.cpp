#include "conformance/connectors/connector_house.h"

namespace junctor::testing {
namespace {

Event one(const std::string& body) {
  const auto instance = instanceOf(*connectorNamed("stripe"));
  const Delivered delivered("stripe", body, {{"Content-Type", "application/json"}});
  auto result = instance->handle(delivered.request, delivered.body);
  if (!result) FAIL(describe(result.error()));
  REQUIRE(result->events.size() == 1);
  return result->events[0];
}

}  // namespace

TEST_CASE("a snapshot event names its object and the request behind it") {
  const Event event = one(fixture("stripe", "invoice.paid.json"));
  CHECK(event.type == "invoice.paid");
  CHECK(event.source_event_id == "evt_000000000000000000000000");
  CHECK(event.resource.type == "invoice");
  CHECK(event.resource.id == "in_000000000000000000000000");
  CHECK(event.occurred_at_ms == 1'648'320'015'000);
  CHECK(event.metadata_json == R"({"api_version":"2020-08-27","livemode":false})");
}

TEST_CASE("a customer is a canonical contact") {
  const Event event = one(
      R"({"id":"evt_1","object":"event","type":"customer.updated","created":1,"account":"acct_9",
          "data":{"object":{"id":"cus_1","object":"customer",
          "email":"ada@example.com","name":null}},
          "request":{"id":"req_1","idempotency_key":null}})");
  CHECK(event.data_json == R"({"id":"cus_1","email":"ada@example.com"})");
  CHECK(event.actor_json == R"({"id":"req_1","type":"request"})");
  CHECK(event.metadata_json == R"({"account":"acct_9"})");
}

TEST_CASE("a thin event names the related object; its time is text") {
  const Event event = one(fixture("stripe", "v1.billing.meter.error_report_triggered.json"));
  CHECK(event.type == "v1.billing.meter.error_report_triggered");
  CHECK(event.resource.type == "billing.meter");
  CHECK(event.resource.id == "mtr_test_61R2GeQkZZx4CRFxR41KgWQ6HyuZjOFo");
  CHECK(event.occurred_at_ms == 1'724'878'454'895);
  CHECK(one(fixture("stripe", "v1.billing.meter.no_meter_found.json")).resource.id.empty());
}

}  // namespace junctor::testing
