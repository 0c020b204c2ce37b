// The test host against the real one: the same connectors, samples and damage give the same.
#include <junctor/testing.hpp>

#include "base/random.h"
#include "conformance/connectors/connector_house.h"
#include "conformance/testing/open_library.h"

namespace junctor::testing {
namespace {

std::string spelled(const jnc::testing::Event& event) {
  return event.type + "|" + event.id + "|" + event.resource_type + "/" + event.resource_id + "|" +
         event.actor + "|" + event.data + "|" + event.payload + "|" + event.metadata + "|" +
         std::to_string(event.occurred_ms) + "|" + std::to_string(event.sequence.value_or(-1));
}
std::string spelled(const Event& event) {
  return event.type + "|" + event.source_event_id + "|" + event.resource.type + "/" +
         event.resource.id + "|" + event.actor_json + "|" + event.data_json + "|" +
         event.payload_json + "|" + event.metadata_json + "|" +
         std::to_string(event.occurred_at_ms) + "|" + std::to_string(event.sequence.value_or(-1));
}

// Events of both hosts as text; "error" if the call failed.
void compare(plugin::Instance& real, jnc::testing::Instance& fake, const Delivered& delivered) {
  const auto expected = real.handle(delivered.request, JsonView());
  const auto got = fake.handle(delivered.request.body, delivered.request.headers);
  CAPTURE(delivered.request.body);
  REQUIRE(got.ok() == expected.has_value());
  if (!expected) return;
  REQUIRE(got.events.size() == expected->events.size());
  for (size_t i = 0; i < got.events.size(); ++i) {
    CHECK(spelled(got.events[i]) == spelled(expected->events[i]));
  }
}

}  // namespace

TEST_CASE("every sample of every connector becomes the same events in the test host") {
  SeededRandom random(20261121);
  for (const auto& connector : builtConnectors().all()) {
    jnc::testing::Host host;
    REQUIRE(host.open(entryOf(connector->path())) == JN_OK);
    auto fake = host.create();
    const auto real = instanceOf(*connector);
    for (const plugin::Sample& sample : connector->manifest().samples) {
      CAPTURE(connector->manifest().id, sample.file);
      const Delivered good = deliver(connector->manifest(), sample);
      compare(*real, fake, good);
      for (int i = 0; i < 20; ++i) {
        std::string damaged = good.request.body;
        for (int j = 0; j < 3; ++j) {
          // The host alone puts the hash of an id that is no clean text in its place.
          const auto byte = static_cast<unsigned char>(random.next());
          const bool control = byte < 0x20 || byte == 0x7f;
          damaged[random.next() % damaged.size()] = control ? '~' : static_cast<char>(byte);
        }
        compare(*real, fake, Delivered(connector->manifest().id, damaged, good.request.headers));
      }
    }
  }
}

}  // namespace junctor::testing
