// What holds for every connector and every one of its samples.
#include <set>

#include "base/json_writer.h"
#include "base/limits.h"
#include "base/random.h"
#include "conformance/connectors/connector_house.h"

namespace junctor::testing {
namespace {

// '*' stands for any run of characters.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] != '*') {
    return !text.empty() && pattern[0] == text[0] && matches(pattern.substr(1), text.substr(1));
  }
  for (size_t i = 0; i <= text.size(); ++i) {
    if (matches(pattern.substr(1), text.substr(i))) return true;
  }
  return false;
}

bool declared(const plugin::Manifest& manifest, const std::string& type) {
  return std::any_of(manifest.events.begin(), manifest.events.end(),
                     [&](const std::string& pattern) { return matches(pattern, type); });
}

std::string spelled(const Event& event) {
  JsonWriter out;
  out.beginArray().string(event.type).string(event.source_event_id);
  out.integer(event.occurred_at_ms).integer(event.sequence.value_or(-1));
  out.string(event.resource.type).string(event.resource.id).string(event.actor_json);
  out.string(event.data_json).string(event.payload_json).string(event.metadata_json).endArray();
  return std::move(out).take();
}

std::string keyOf(const plugin::Manifest& manifest, const Delivered& delivered) {
  return plugin::deliveryKey(manifest, delivered.request.headers, "", delivered.body);
}

// Slack retries neither forms nor rate limit notices under an id; Intercom's ping has none.
bool hasNoKey(const plugin::Manifest& manifest, const plugin::Sample& sample) {
  if (manifest.delivery_key.empty() || sample.event == "ping") return manifest.id != "github";
  return manifest.id == "slack" && !sample.file.starts_with("message_") &&
         sample.event != "reaction_added" && sample.event != "resources_added";
}

// Freshdesk's usual body names no time, so an equal change may be another one.
bool hasNoId(const std::string& connector, const std::string& event) {
  return connector == "freshdesk" || (connector == "intercom" && event == "ping");
}

// The sizes that a fuzzer would find: every connector must answer with events or an error.
void survives(plugin::Instance& instance, const std::string& connector, const std::string& bytes,
              const Headers& headers) {
  const Delivered delivered(connector, bytes, headers);
  const auto result = instance.handle(delivered.request, delivered.body);
  if (result) {
    for (const Event& event : result->events) CHECK_FALSE(event.type.empty());
  } else {
    CHECK_FALSE(result.error().message.empty());
    CHECK(result.error().code == ErrorCode::InvalidArgument);
  }
}

}  // namespace

TEST_CASE("every connector of the build loads, and none is refused") {
  std::set<std::string> ids;
  for (const auto& connector : builtConnectors().all()) ids.insert(connector->manifest().id);
  CHECK(ids == std::set<std::string>{"discord",        "freshdesk",  "generic",
                                     "github",         "gitlab",     "http",
                                     "hubspot",        "intercom",   "jira",
                                     "linear",         "msgraph",    "nats",
                                     "openai",         "pagerduty",  "postgres",
                                     "redis-streams",  "salesforce", "shopify",
                                     "slack",          "smtp",       "standard-webhooks",
                                     "stripe",         "teams",      "twilio",
                                     "whatsapp-cloud", "zendesk",    "zoom"});
  CHECK(builtConnectors().refused().empty());
}

TEST_CASE("every sample is an event of the type it says, and the type is declared") {
  for (const auto& connector : webhookConnectors()) {
    const plugin::Manifest& manifest = connector->manifest();
    const auto instance = instanceOf(*connector);
    REQUIRE_FALSE(manifest.samples.empty());
    for (const plugin::Sample& sample : manifest.samples) {
      CAPTURE(manifest.id, sample.file);
      const Delivered delivered = deliver(manifest, sample);
      const auto result = instance->handle(delivered.request, delivered.body);
      if (!result) FAIL(describe(result.error()));
      REQUIRE_FALSE(result->events.empty());
      const Event& event = result->events[0];
      CHECK(event.type == sample.event);
      CHECK(declared(manifest, event.type));
      for (const std::string* json :
           {&event.actor_json, &event.data_json, &event.payload_json, &event.metadata_json}) {
        CHECK((json->empty() || checkJson(*json)));
      }
      CHECK(event.resource.type.empty() == event.resource.id.empty());
    }
  }
}

TEST_CASE("the same request gives the same events, on one instance and on another") {
  for (const auto& connector : webhookConnectors()) {
    const auto first = instanceOf(*connector), second = instanceOf(*connector);
    for (const plugin::Sample& sample : connector->manifest().samples) {
      CAPTURE(connector->manifest().id, sample.file);
      const Delivered delivered = deliver(connector->manifest(), sample);
      const auto once = first->handle(delivered.request, delivered.body).value();
      const auto again = first->handle(delivered.request, delivered.body).value();
      const auto elsewhere = second->handle(delivered.request, delivered.body).value();
      REQUIRE(once.events.size() == again.events.size());
      for (size_t i = 0; i < once.events.size(); ++i) {
        CHECK(spelled(once.events[i]) == spelled(again.events[i]));
        CHECK(spelled(once.events[i]) == spelled(elsewhere.events[i]));
      }
    }
  }
}

TEST_CASE("a connector parses the body itself when nobody has, and says the same") {
  for (const auto& connector : webhookConnectors()) {
    const auto instance = instanceOf(*connector);
    for (const plugin::Sample& sample : connector->manifest().samples) {
      CAPTURE(connector->manifest().id, sample.file);
      const Delivered delivered = deliver(connector->manifest(), sample);
      const auto parsed = instance->handle(delivered.request, delivered.body).value();
      const auto unparsed = instance->handle(delivered.request, JsonView()).value();
      CHECK(spelled(parsed.events.at(0)) == spelled(unparsed.events.at(0)));
    }
  }
}

TEST_CASE("a redelivery has the same delivery key, another delivery another") {
  for (const auto& connector : webhookConnectors()) {
    const plugin::Manifest& manifest = connector->manifest();
    for (const plugin::Sample& sample : manifest.samples) {
      CAPTURE(manifest.id, sample.file);
      const std::string key = keyOf(manifest, deliver(manifest, sample, "aaaaaaaaaaaaaaaa"));
      CHECK(key == keyOf(manifest, deliver(manifest, sample, "aaaaaaaaaaaaaaaa")));
      const bool keyless = hasNoKey(manifest, sample);
      CHECK(key.empty() == keyless);
      if (!keyless) CHECK(key != keyOf(manifest, deliver(manifest, sample, "bbbbbbbbbbbbbbbb")));
    }
  }
}

TEST_CASE("a sample sent again is another event to every dedupe") {
  for (const auto& connector : webhookConnectors()) {
    const plugin::Manifest& manifest = connector->manifest();
    const auto instance = instanceOf(*connector);
    for (const plugin::Sample& sample : manifest.samples) {
      CAPTURE(manifest.id, sample.file);
      const auto idOf = [&](const std::string& unique) {
        const Delivered delivered = deliver(manifest, sample, unique);
        return instance->handle(delivered.request, delivered.body)->events.at(0).source_event_id;
      };
      if (hasNoId(manifest.id, sample.event)) {
        CHECK(idOf("aaaaaaaaaaaaaaaa").empty());
        continue;
      }
      CHECK_FALSE(idOf("aaaaaaaaaaaaaaaa").empty());
      CHECK(idOf("aaaaaaaaaaaaaaaa") != idOf("bbbbbbbbbbbbbbbb"));
    }
  }
}

TEST_CASE("truncated and damaged samples are an error or an event, never a crash") {
  SeededRandom random(20261121);
  for (const auto& connector : webhookConnectors()) {
    const auto instance = instanceOf(*connector);
    const plugin::Manifest& manifest = connector->manifest();
    for (const plugin::Sample& sample : manifest.samples) {
      const Delivered good = deliver(manifest, sample);
      const std::string& bytes = good.request.body;
      for (int i = 0; i < 40; ++i) {
        survives(*instance, manifest.id, bytes.substr(0, random.next() % bytes.size()),
                 good.request.headers);
        std::string damaged = bytes;
        for (int j = 0; j < 4; ++j) {
          damaged[random.next() % damaged.size()] = static_cast<char>(random.next());
        }
        survives(*instance, manifest.id, damaged, good.request.headers);
      }
    }
  }
}

TEST_CASE("random bytes, deep JSON and eight megabytes are survived") {
  SeededRandom random(7);
  std::vector<std::string> bodies = {"",
                                     "null",
                                     "0",
                                     "\"\"",
                                     "[]",
                                     "{}",
                                     "[{}]",
                                     "[[]]",
                                     std::string(10'000, '['),
                                     std::string(10'000, '{'),
                                     std::string(8 * 1024 * 1024, 'a')};
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "{\"a\":";
  bodies.push_back(deep + "1" + std::string(10'000, '}'));
  bodies.push_back(R"({"type":"event_callback","event":{"type":"x"},"pad":")" +
                   std::string(8 * 1024 * 1024, 'x') + "\"}");
  for (int i = 0; i < 200; ++i) {
    std::string noise(random.next() % 300, '\0');
    for (char& c : noise) c = static_cast<char>(random.next());
    bodies.push_back(noise);
  }
  for (const auto& connector : webhookConnectors()) {
    const auto instance = instanceOf(*connector);
    for (const char* type : {"application/json", "application/x-www-form-urlencoded"}) {
      const Headers headers = {{"Content-Type", type}, {"X-GitHub-Event", "push"}};
      for (const std::string& body : bodies) {
        survives(*instance, connector->manifest().id, body, headers);
      }
    }
  }
}

TEST_CASE("a type nobody has heard of is an event of that type") {
  const struct {
    const char* connector;
    const char* body;
    const char* type;
  } cases[] = {
      {"github", R"({"action":"zapped"})", "brand_new.zapped"},
      {"stripe", R"({"id":"evt_1","type":"brand.new.thing"})", "brand.new.thing"},
      {"slack", R"({"type":"event_callback","event":{"type":"brand_new"}})", "brand_new"},
      {"slack", R"({"type":"brand_new"})", "brand_new"},
      {"standard-webhooks", R"({"type":"brand.new"})", "brand.new"},
      {"generic", R"({"event":"brand/new thing"})", "brand/new thing"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.connector, c.type);
    const Delivered delivered(c.connector, c.body, {{"X-GitHub-Event", "brand_new"}});
    const auto result =
        instanceOf(*connectorNamed(c.connector))->handle(delivered.request, delivered.body);
    if (!result) FAIL(describe(result.error()));
    CHECK(result->events.at(0).type == c.type);
  }
}

}  // namespace junctor::testing
