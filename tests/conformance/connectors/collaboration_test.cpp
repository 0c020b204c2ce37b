// Trackers, incidents and chats: what each provider's request becomes.
#include "conformance/connectors/connector_house.h"
#include "ingest/handshake.h"

namespace junctor::testing {
namespace {

std::vector<Event> eventsOf(const std::string& connector, const std::string& body,
                            const Headers& headers = {}) {
  const auto instance = instanceOf(*connectorNamed(connector));
  const Delivered delivered(connector, body, headers);
  auto result = instance->handle(delivered.request, delivered.body);
  if (!result) FAIL(describe(result.error()));
  return std::move(result->events);
}
Event only(const std::string& connector, const std::string& file, const Headers& headers = {}) {
  const auto events = eventsOf(connector, fixture(connector, file), headers);
  REQUIRE(events.size() == 1);
  return events[0];
}

}  // namespace

TEST_CASE("a gitlab issue is a ticket, and a note belongs to what it is about") {
  const Event issue = only("gitlab", "issue.json", {{"Idempotency-Key", "k-1"}});
  CHECK(issue.type == "issue.open");
  CHECK(issue.source_event_id == "k-1");
  CHECK(issue.resource.type == "issue");
  CHECK(issue.resource.id == "gitlabhq/gitlab-test#23");
  CHECK(issue.occurred_at_ms == 1'386'090'943'000);
  CHECK_THAT(issue.data_json, Catch::Contains(R"("status":"opened")"));
  const Event note = only("gitlab", "note_issue.json");
  CHECK(note.type == "note.create");
  CHECK(note.resource.id == "gitlab-org/gitlab-test#17");
  CHECK(note.occurred_at_ms == 1'431'882'400'000);  // "2015-05-17 17:06:40 UTC"
  CHECK_THAT(note.data_json, Catch::Contains(R"("thread":"gitlab-org/gitlab-test#17")"));
  const Event push = only("gitlab", "push.json");
  CHECK(push.type == "push");
  CHECK(push.resource.type == "ref");
}

TEST_CASE("a linear comment belongs to its issue, and an update says what was before") {
  const Event comment = only("linear", "comment_create.json", {{"Linear-Delivery", "d-1"}});
  CHECK(comment.type == "comment.create");
  CHECK(comment.source_event_id == "d-1");
  CHECK(comment.resource.type == "issue");
  CHECK(comment.resource.id == "f9a37fcf-eb52-44be-a52c-0477f70e9952");
  CHECK_THAT(comment.actor_json, Catch::Contains("Sample User"));
  const Event update = only("linear", "issue_update.abridged.json");
  CHECK(update.type == "issue.update");
  CHECK_THAT(update.metadata_json, Catch::Contains("2023-04-11T10:13:05.980Z"));
  CHECK_THAT(update.data_json, Catch::Contains(R"("tags":["Improvement","Bug"])"));
  CHECK(
      eventsOf("linear", R"({"type":"IssueLabel","action":"remove","data":{"id":"x"}})")[0].type ==
      "issue_label.remove");
}

TEST_CASE("a pagerduty incident is a ticket, and a note a message of its incident") {
  const Event event = only("pagerduty", "incident.triggered.json");
  CHECK(event.type == "incident.triggered");
  CHECK(event.source_event_id == "01BZYIL05THJDFF2Y08X9SVMTU");
  CHECK(event.resource.id == "PFQZPSY");
  CHECK_THAT(event.data_json, Catch::Contains(R"("priority":"high")"));
  const Event note =
      eventsOf("pagerduty",
               R"({"event":{"id":"1","event_type":"incident.annotated","resource_type":"incident",
          "data":{"type":"incident_note","id":"N1","content":"On it","incident":{"id":"P1"}}}})")
          [0];
  CHECK(note.resource.id == "P1");
  CHECK_THAT(note.data_json, Catch::Contains(R"("thread":"P1")"));
}

TEST_CASE("discord repeats an event under the same id, and its time is UTC") {
  const Event event = only("discord", "entitlement_create.json");
  CHECK(event.type == "entitlement.create");
  CHECK(event.source_event_id ==
        "ENTITLEMENT_CREATE:1234505980407808808:2024-10-18T18:41:21.109604");
  CHECK(event.occurred_at_ms == 1'729'276'881'109);
  CHECK_THAT(event.actor_json, Catch::Contains("111178765189277770"));
}

TEST_CASE("discord's ping is answered 204 with a content type, and its events are no ping") {
  const plugin::Manifest& manifest = connectorNamed("discord")->manifest();
  const Delivered ping("discord", fixture("discord", "ping.json"), {});
  const auto answer = ingest::jsonHandshake(manifest.handshake, ping.body);
  REQUIRE(answer);
  CHECK(answer->status == 204);
  CHECK(answer->body.empty());
  CHECK(findHeader(answer->headers, "Content-Type") != nullptr);
  const Delivered event("discord", fixture("discord", "entitlement_create.json"), {});
  CHECK_FALSE(ingest::jsonHandshake(manifest.handshake, event.body));
}

TEST_CASE("zoom's validation is answered with the token and its proof") {
  const plugin::Manifest& manifest = connectorNamed("zoom")->manifest();
  const Delivered asked("zoom", fixture("zoom", "url_validation.json"), {});
  const auto answer =
      ingest::jsonHandshake(manifest.handshake, asked.body,
                            [](std::string_view text) { return "mac:" + std::string(text); });
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body ==
        R"({"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"mac:qgg8vlvZRS6UYooatFL8Aw"})");
}

TEST_CASE("a zoom participant's joining is another event than the meeting's start") {
  const Event started = only("zoom", "meeting.started.json");
  CHECK(started.resource.type == "meeting");
  CHECK(started.resource.id == "1234567890");
  CHECK(started.occurred_at_ms == 1'732'100'400'123);
  const Event joined = only("zoom", "meeting.participant_joined.json");
  CHECK(joined.source_event_id != started.source_event_id);
  CHECK_THAT(joined.actor_json, Catch::Contains("ann@example.com"));
}

TEST_CASE("each change of a graph notification is an event, with an id even where none is sent") {
  const auto events =
      eventsOf("msgraph",
               R"J({"value":[{"subscriptionId":"s","changeType":"updated","resource":"me/events/7",
          "resourceData":{"id":"7"}},
         {"subscriptionId":"s","changeType":"deleted",
          "resource":"teams('1')/channels('2')/messages('3')"},
         {"subscriptionId":"s","lifecycleEvent":"reauthorizationRequired"}]})J");
  REQUIRE(events.size() == 3);
  CHECK(events[0].type == "events.updated");
  CHECK(events[0].resource.id == "7");
  CHECK(events[1].type == "messages.deleted");
  CHECK(events[2].type == "lifecycle.reauthorizationRequired");
  CHECK(events[0].source_event_id != events[1].source_event_id);
  CHECK_FALSE(events[0].source_event_id.empty());
  CHECK(only("msgraph", "change_notification.json").type == "message.created");
}

TEST_CASE("teams: the mention is taken off, and the sender is answered in the body") {
  const auto instance = instanceOf(*connectorNamed("teams"), R"({"reply":"On it \"now\""})");
  const Delivered delivered("teams", fixture("teams", "message.json"), {});
  const auto result = instance->answer(delivered.request, delivered.body);
  if (!result) FAIL(describe(result.error()));
  REQUIRE(result->reply);
  CHECK(result->reply->status == 200);
  CHECK(result->reply->body == R"({"type":"message","text":"On it \"now\""})");
  const Event& event = result->events.at(0);
  CHECK(event.source_event_id == "1732100400123");
  CHECK_THAT(event.data_json, Catch::Contains(R"("text":"is the printer fixed?\n")"));
  CHECK_THAT(event.data_json, Catch::Contains(R"("thread":"1732100400123")"));
}

}  // namespace junctor::testing
