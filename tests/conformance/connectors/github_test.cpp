#include "conformance/connectors/connector_house.h"

namespace junctor::testing {
namespace {

Result<plugin::HandleResult> handle(const std::string& event, const std::string& body,
                                    const std::string& type = "application/json") {
  const auto instance = instanceOf(*connectorNamed("github"));
  const Delivered delivered("github", body,
                            {{"Content-Type", type},
                             {"X-GitHub-Event", event},
                             {"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"}});
  return instance->handle(delivered.request, delivered.body);
}

Event one(const std::string& event, const std::string& body,
          const std::string& type = "application/json") {
  auto result = handle(event, body, type);
  if (!result) FAIL(describe(result.error()));
  REQUIRE(result->events.size() == 1);
  return result->events[0];
}

}  // namespace

TEST_CASE("a pull request is one event, named by header and action") {
  const Event event = one("pull_request", fixture("github", "pull_request.opened.json"));
  CHECK(event.type == "pull_request.opened");
  CHECK(event.source_event_id == "72d3162e-cc78-11e3-81ab-4c9367dc0958");
  CHECK(event.resource.type == "pull_request");
  CHECK(event.resource.id == "Codertocat/Hello-World#2");
  CHECK(event.actor_json == R"({"id":"21031067","login":"Codertocat","type":"User"})");
  CHECK(event.occurred_at_ms == 1'557'933'633'000);  // 2019-05-15T15:20:33Z
  CHECK(event.payload_json.empty());
  CHECK(event.data_json.empty());
}

TEST_CASE("a push has no action; its resource is the ref") {
  const Event event = one("push", fixture("github", "push.json"));
  CHECK(event.type == "push");
  CHECK(event.resource.type == "ref");
  CHECK(event.resource.id == "Codertocat/Hello-World@refs/tags/simple-tag");
  CHECK(event.occurred_at_ms == 1'557'933'657'000);
}

TEST_CASE("an issue carries a canonical ticket") {
  const Event event = one("issues", fixture("github", "issues.opened.json"));
  CHECK(event.type == "issues.opened");
  JsonDoc document;
  const JsonView ticket = document.parse(event.data_json).value();
  CHECK(ticket.find("id").asString() == "Codertocat/Hello-World#1");
  CHECK(ticket.find("subject").asString() == "Spelling error in the README file");
  CHECK(ticket.find("status").asString() == "open");
  CHECK(ticket.pointer("/requester/name").asString() == "Codertocat");
  CHECK(ticket.pointer("/tags/0").asString() == "bug");
}

TEST_CASE("a comment carries a canonical message in the issue's thread") {
  const Event event = one("issue_comment", fixture("github", "issue_comment.created.json"));
  CHECK(event.resource.type == "issue");
  JsonDoc document;
  const JsonView message = document.parse(event.data_json).value();
  CHECK(message.find("thread").asString() == event.resource.id);
  CHECK_FALSE(message.find("text").asString().empty());
}

TEST_CASE("a hook of content type form gives the same event, with the JSON as payload") {
  const std::string json = R"({"action":"created","sender":{"login":"ö & co"}})";
  const Event event =
      one("star",
          "payload=%7B%22action%22%3A%22created%22%2C%22sender%22%3A%7B%22login%22%3A%22"
          "%C3%B6+%26+co%22%7D%7D",
          "application/x-www-form-urlencoded");
  CHECK(event.type == "star.created");
  CHECK(event.payload_json == json);
  CHECK(event.actor_json == R"({"login":"ö & co"})");
}

TEST_CASE("an event GitHub invents tomorrow is an event of that name") {
  const Event event =
      one("quantum_leap", R"({"action":"taken","quantum_leap":{"id":9007199254740993}})");
  CHECK(event.type == "quantum_leap.taken");
  CHECK(event.resource.id == "9007199254740993");
}

TEST_CASE("a body that is no JSON object is an invalid argument, not an event") {
  for (const char* body : {"", "{", "[]", "null", "\"text\"", "{\"a\":}"}) {
    const auto result = handle("push", body);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::InvalidArgument);
  }
  const auto no_payload = handle("push", "a=b", "application/x-www-form-urlencoded");
  REQUIRE_FALSE(no_payload);
  CHECK(no_payload.error().message == "github: the form has no field payload");
}

}  // namespace junctor::testing
