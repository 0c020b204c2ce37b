#include "conformance/connectors/connector_house.h"

namespace junctor::testing {
namespace {

Event one(const std::string& body) {
  const auto instance = instanceOf(*connectorNamed("standard-webhooks"));
  const Delivered delivered("standard-webhooks", body,
                            {{"webhook-id", "msg_1"}, {"webhook-timestamp", "1772442930"}});
  auto result = instance->handle(delivered.request, delivered.body);
  if (!result) FAIL(describe(result.error()));
  REQUIRE(result->events.size() == 1);
  return result->events[0];
}

}  // namespace

TEST_CASE("the body's type and time, and the header's id, make the event") {
  const Event event = one(fixture("standard-webhooks", "contact.created.json"));
  CHECK(event.type == "contact.created");
  CHECK(event.source_event_id == "msg_1");
  CHECK(event.occurred_at_ms == 1'667'507'170'344);
  CHECK(event.resource.type == "contact");
  CHECK(event.resource.id == "1f81eb52-5198-4599-803e-771906343485");
}

TEST_CASE("OpenAI's seconds are a time too") {
  const Event event = one(fixture("standard-webhooks", "batch.completed.json"));
  CHECK(event.type == "batch.completed");
  CHECK(event.occurred_at_ms == 1'719'168'000'000);
  CHECK(event.resource.id == "batch_abc123");
}

TEST_CASE("without type and time, the message is an event of the attempt's time") {
  const Event event = one(R"({"hello":"world"})");
  CHECK(event.type == "webhook.received");
  CHECK(event.occurred_at_ms == 1'772'442'930'000);
}

}  // namespace junctor::testing
