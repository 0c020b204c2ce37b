// Help desks, shops, issue trackers and messengers: what each provider's request becomes.
#include "conformance/connectors/connector_house.h"

namespace junctor::testing {
namespace {

Result<std::vector<Event>> handled(const std::string& connector, const std::string& body,
                                   const Headers& headers = {},
                                   const std::string& settings = "{}") {
  const auto instance = instanceOf(*connectorNamed(connector), settings);
  const Delivered delivered(connector, body, headers);
  auto result = instance->handle(delivered.request, delivered.body);
  if (!result) return result.error();
  return std::move(result->events);
}
std::vector<Event> eventsOf(const std::string& connector, const std::string& body,
                            const Headers& headers = {}) {
  auto events = handled(connector, body, headers);
  if (!events) FAIL(describe(events.error()));
  return std::move(*events);
}
const Headers kForm = {{"Content-Type", "application/x-www-form-urlencoded"}};

}  // namespace

TEST_CASE("a zendesk event names its ticket, and a trigger's own body is an event too") {
  const Event event = eventsOf("zendesk", fixture("zendesk", "ticket.created.json"))[0];
  CHECK(event.type == "ticket.created");
  CHECK(event.resource.type == "ticket");
  CHECK(event.resource.id == "35436");
  CHECK(event.occurred_at_ms == 1'713'374'290'000);
  const Event said =
      eventsOf("zendesk", fixture("zendesk", "messaging_ticket.message_added.json"))[0];
  CHECK(said.type == "messaging_ticket.message_added");
  CHECK_THAT(said.data_json, Catch::Contains("How can I help you today?"));
  const Event own =
      eventsOf("zendesk", R"({"ticket":"7"})", {{"X-Zendesk-Webhook-Invocation-Id", "inv-1"}})[0];
  CHECK(own.type == "trigger");
  CHECK(own.source_event_id == "inv-1");
}

TEST_CASE("what triggered a freshdesk rule becomes the type") {
  CHECK(eventsOf("freshdesk", fixture("freshdesk", "status_changed.json"))[0].type ==
        "ticket.status_changed");
  const Event made = eventsOf("freshdesk", fixture("freshdesk", "ticket_created.json"))[0];
  CHECK(made.type == "ticket.created");
  CHECK(made.resource.id == "11");
  CHECK_THAT(made.data_json, Catch::Contains("requester-bob@example.com"));
  CHECK(
      eventsOf("freshdesk", R"({"freshdesk_webhook":{"triggered_event":"{note_type:private}"}})")[0]
          .type == "ticket.note_type_private");
}

TEST_CASE("an intercom conversation is a message by its last author") {
  const Event event =
      eventsOf("intercom", fixture("intercom", "conversation.user.replied.json"))[0];
  CHECK(event.type == "conversation.user.replied");
  CHECK(event.resource.type == "conversation");
  CHECK_THAT(event.data_json, Catch::Contains("developer account"));
  CHECK(event.occurred_at_ms == 1'553'291'308'000);
}

TEST_CASE("a hubspot batch gives an event each, with ids that are unique together") {
  const auto events = eventsOf("hubspot", fixture("hubspot", "batch.json"));
  REQUIRE(events.size() == 2);
  CHECK(events[0].type == "contact.propertyChange");
  CHECK(events[0].source_event_id == "33:25:3816279340:1246965:1462216307945");
  CHECK(events[1].resource.id == "1246978");
  CHECK_THAT(events[1].payload_json, Catch::Contains("contact.creation"));
  CHECK_FALSE(handled("hubspot", "{}"));
}

TEST_CASE("jira's two kinds of names become one") {
  CHECK(eventsOf("jira", fixture("jira", "issue.created.json"))[0].type == "issue.created");
  const Event said = eventsOf("jira", fixture("jira", "comment.created.json"))[0];
  CHECK(said.type == "comment.created");
  CHECK_THAT(said.actor_json, Catch::Contains("5c5f880629be9642ba529340"));
  CHECK_THAT(said.data_json, Catch::Contains(R"("id":"10019")"));
}

TEST_CASE("a shopify id beyond 2^53 stays exact, under both families of headers") {
  for (const char* prefix : {"X-Shopify-", "shopify-"}) {
    const std::string p(prefix);
    const Event event = eventsOf("shopify", fixture("shopify", "orders_delete_bigint.json"),
                                 {{p + "Topic", "orders/delete"}, {p + "Webhook-Id", "w-1"}})[0];
    CHECK(event.type == "orders.delete");
    CHECK(event.resource.id == "820982911946154508");
    CHECK(event.source_event_id == "w-1");
  }
}

TEST_CASE("an outbound message gives an event per notification, and never its session") {
  const auto events =
      eventsOf("salesforce", fixture("salesforce", "outbound_two_notifications.xml"));
  REQUIRE(events.size() == 2);
  CHECK(events[1].type == "contact.notified");
  CHECK(events[1].resource.id == "003o0000y");
  const Event full = eventsOf("salesforce", fixture("salesforce", "outbound_contact.xml"))[0];
  CHECK(full.payload_json.find("SessionId") == std::string::npos);
  CHECK(full.metadata_json.find("Session") == std::string::npos);
}

TEST_CASE("an outbound message of another organization is refused") {
  const std::string body =
      "<Envelope><Body><notifications><OrganizationId>00D000000000001AAA</OrganizationId>"
      "<Notification><Id>1</Id></Notification></notifications></Body></Envelope>";
  CHECK(handled("salesforce", body, {}, R"({"organization_id":"00D000000000001"})"));
  CHECK_FALSE(handled("salesforce", body, {}, R"({"organization_id":"00D000000000002"})"));
}

TEST_CASE("XML that is not well-formed, or asks for more than elements, is refused") {
  for (const char* body : {"", "<", "<a>", "<a></b>", "<a b></a>", "<a>&x;</a>", "<a>&#0;</a>",
                           "<a/><b/>", "<a>\xff</a>", "<!DOCTYPE a [<!ENTITY x \"y\">]><Envelope/>",
                           "<a><b></a></b>", "<Envelope><Body/></Envelope>"}) {
    CAPTURE(body);
    CHECK_FALSE(handled("salesforce", body));
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  CHECK_FALSE(handled("salesforce", deep));
}

TEST_CASE("a twilio message tells its channel, and a status its state") {
  const Event sms = eventsOf("twilio", fixture("twilio", "sms_received.form"), kForm)[0];
  CHECK(sms.type == "message.received");
  CHECK(sms.resource.id == "SMe287d7109a5a925f182f0e07fe5b223b");
  CHECK_THAT(sms.metadata_json, Catch::Contains(R"("channel":"sms")"));
  CHECK_THAT(sms.payload_json, Catch::Contains(R"("To":"+12028831111")"));
  const Event whatsapp =
      eventsOf("twilio", fixture("twilio", "whatsapp_text_received.form"), kForm)[0];
  CHECK_THAT(whatsapp.metadata_json, Catch::Contains("whatsapp"));
  const Event status =
      eventsOf("twilio", "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003", kForm)[0];
  CHECK(status.type == "message.undelivered");
  CHECK(status.source_event_id == "SM1:message.undelivered");
}

TEST_CASE("a whatsapp request gives messages and statuses, each with its own id") {
  const Event said = eventsOf("whatsapp-cloud", fixture("whatsapp-cloud", "messages_text.json"))[0];
  CHECK(said.type == "message.received");
  CHECK_THAT(said.data_json, Catch::Contains("another color"));
  CHECK_THAT(said.actor_json, Catch::Contains("Sheena Nelson"));
  CHECK(said.occurred_at_ms == 1'749'416'383'000);
  const Event status =
      eventsOf("whatsapp-cloud", fixture("whatsapp-cloud", "messages_status.json"))[0];
  CHECK(status.type == "message.delivered");
  CHECK(status.source_event_id == "wamid.OUTBOUND1:delivered");
}

TEST_CASE("an openai event names the object it is about") {
  const Event event = eventsOf("openai", fixture("openai", "fine_tuning.job.succeeded.json"),
                               {{"webhook-id", "wh_1"}})[0];
  CHECK(event.resource.type == "fine_tuning.job");
  CHECK(event.source_event_id == "wh_1");
}

}  // namespace junctor::testing
