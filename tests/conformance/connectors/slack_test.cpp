#include "conformance/connectors/connector_house.h"

namespace junctor::testing {
namespace {

constexpr const char* kForm = "application/x-www-form-urlencoded";

Result<plugin::HandleResult> handle(const std::string& body,
                                    const std::string& type = "application/json") {
  const auto instance = instanceOf(*connectorNamed("slack"));
  const Delivered delivered("slack", body, {{"Content-Type", type}});
  return instance->handle(delivered.request, delivered.body);
}

Event one(const std::string& body, const std::string& type = "application/json") {
  auto result = handle(body, type);
  if (!result) FAIL(describe(result.error()));
  REQUIRE(result->events.size() == 1);
  return result->events[0];
}

}  // namespace

TEST_CASE("a message is the inner event, with a canonical message") {
  const Event event = one(fixture("slack", "message_channel.json"));
  CHECK(event.type == "message");
  CHECK(event.source_event_id == "Ev079SP4TP1P");
  CHECK(event.resource.type == "message");
  CHECK(event.resource.id == "C06NRA6JLER:1719209506.817929");
  CHECK(event.occurred_at_ms == 1'719'209'506'817);
  CHECK(event.actor_json == R"({"id":"U06NU4E26M9"})");
  JsonDoc document;
  const JsonView message = document.parse(event.data_json).value();
  CHECK(message.find("text").asString() == "Hello, this is a normal text message");
  CHECK(message.find("channel").asString() == "C06NRA6JLER");
  CHECK(message.pointer("/author/id").asString() == "U06NU4E26M9");
}

TEST_CASE("a subtype is part of the type; an edit speaks of the edited message") {
  const Event event = one(
      R"({"type":"event_callback","event_id":"Ev1","event":{"type":"message",
          "subtype":"message_changed","channel":"C1","event_ts":"1719209649.631399",
          "message":{"user":"U1","text":"new","ts":"1719209506.8"}}})");
  CHECK(event.type == "message.message_changed");
  CHECK(event.resource.id == "C1:1719209506.8");
  CHECK(event.occurred_at_ms == 1'719'209'649'631);
  CHECK(event.actor_json == R"({"id":"U1"})");
}

TEST_CASE("a bot's message names the bot, so that loops can be dropped") {
  const Event event = one(
      R"({"type":"event_callback","event_id":"Ev1",
          "event":{"type":"message","bot_id":"B1","channel":"C1","ts":"1.5"}})");
  CHECK(event.actor_json == R"({"bot_id":"B1"})");
}

TEST_CASE("a reaction is about the message it stands on") {
  const Event event = one(fixture("slack", "reaction_added.json"));
  CHECK(event.type == "reaction_added");
  CHECK(event.resource.id == "C0G9QF9GZ:1360782400.498405");
  CHECK(event.actor_json == R"({"id":"U024BE7LH"})");
}

TEST_CASE("a rate limit notice has no inner event and is an event all the same") {
  const Event event = one(fixture("slack", "app_rate_limited.json"));
  CHECK(event.type == "app_rate_limited");
  CHECK(event.source_event_id == "T123456:1518467820");
  CHECK(event.occurred_at_ms == 1'518'467'820'000);
}

TEST_CASE("interactivity is JSON inside a form") {
  const Event event = one(fixture("slack", "block_actions.form"), kForm);
  CHECK(event.type == "block_actions");
  CHECK(event.source_event_id == "12466734323.1395872398.{uuid}");
  CHECK(event.actor_json == R"({"id":"U06NU4E26M9","name":"ada"})");
  CHECK(event.resource.id == "C06NRA6JLER:1719209506.817929");
  JsonDoc document;
  CHECK(document.parse(event.payload_json).value().pointer("/actions/0/value").asString() ==
        "refund-42");
}

TEST_CASE("a slash command's form is its payload") {
  const Event event = one(fixture("slack", "slash_command.form"), kForm);
  CHECK(event.type == "slash_command");
  CHECK(event.metadata_json == R"({"team":"T0001","app":"A123456","command":"/weather"})");
  JsonDoc document;
  CHECK(document.parse(event.payload_json).value().find("text").asString() == "94070");
}

TEST_CASE("what Slack cannot have sent is an invalid argument") {
  for (const char* body : {"", "[]", "{}", R"({"type":"event_callback"})", "{\"type\":\"x\""}) {
    const auto result = handle(body);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::InvalidArgument);
  }
  for (const char* body : {"", "a=b", "payload=%7B", "payload=%7B%7D", "payload=%zz"}) {
    const auto result = handle(body, kForm);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::InvalidArgument);
  }
}

TEST_CASE("Slack's handshake and empty answer are data, not code") {
  const plugin::Manifest& manifest = connectorNamed("slack")->manifest();
  CHECK(manifest.handshake.kind == plugin::HandshakeKind::JsonEcho);
  JsonDoc document;
  const JsonView body = document.parse(fixture("slack", "url_verification.json")).value();
  CHECK(body.pointer(manifest.handshake.when_json).asString() == manifest.handshake.equals);
  CHECK(body.pointer(manifest.handshake.echo_json).asString().starts_with("3eZbrw1aBm2rZgR"));
  CHECK(manifest.success_status == 200);
  CHECK(manifest.success_content_type == "text/plain");
  CHECK(manifest.success_body.empty());
}

}  // namespace junctor::testing
