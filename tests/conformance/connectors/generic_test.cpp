#include "conformance/connectors/connector_house.h"

namespace junctor::testing {
namespace {

Result<plugin::HandleResult> handle(const std::string& body, const std::string& settings = "{}",
                                    Headers headers = {{"Content-Type", "application/json"}}) {
  const auto instance = instanceOf(*connectorNamed("generic"), settings);
  const Delivered delivered("generic", body, std::move(headers));
  return instance->handle(delivered.request, delivered.body);
}

Event one(const std::string& body, const std::string& settings = "{}",
          Headers headers = {{"Content-Type", "application/json"}}) {
  auto result = handle(body, settings, std::move(headers));
  if (!result) FAIL(describe(result.error()));
  REQUIRE(result->events.size() == 1);
  return result->events[0];
}

// Parses data_json; members by name or pointer.
struct Data {
  JsonDoc document;
  JsonView view;
  explicit Data(const Event& event) : view(document.parse(event.data_json).value()) {}
  std::string operator[](std::string_view pointer) const {
    return view.pointer(pointer).scalarText();
  }
};

Error refused(const std::string& settings) {
  Integration integration;
  integration.id = "generic-1";
  integration.settings_json = settings;
  auto made = connectorNamed("generic")->create(integration);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::InvalidArgument);
  return made.error();
}

}  // namespace

TEST_CASE("a ticket, an issue and a case become the same canonical ticket") {
  const struct {
    const char* file;
    const char* type;
    const char* id;
    const char* subject;
    const char* status;
    const char* priority;
    const char* tag;
  } cases[] = {
      {"ticket.created.json", "ticket.created", "4711", "Cannot log in", "open", "high", "vip"},
      {"issue.updated.json", "ticket.updated", "SUP-204", "Invoice shows the wrong VAT", "waiting",
       "urgent", "billing"},
      {"case.closed.json", "ticket.closed", "00001026", "Refund for order 1180", "closed", "normal",
       "refund"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.file);
    const Event event = one(fixture("generic", c.file));
    CHECK(event.type == c.type);
    CHECK(event.resource.type == "ticket");
    CHECK(event.resource.id == c.id);
    CHECK(event.occurred_at_ms > 1'700'000'000'000);
    const Data ticket(event);
    CHECK(ticket["/id"] == c.id);
    CHECK(ticket["/subject"] == c.subject);
    CHECK(ticket["/status"] == c.status);
    CHECK(ticket["/priority"] == c.priority);
    CHECK(ticket["/requester/email"] == "ada@example.com");
    CHECK(ticket["/requester/name"] == "Ada Example");
    CHECK(ticket["/tags/0"] == c.tag);
    CHECK_FALSE(event.source_event_id.empty());
  }
}

TEST_CASE("a helpdesk that wraps all fields and prefixes their names is read as well") {
  const Event created = one(fixture("generic", "freshdesk.ticket_created.json"));
  CHECK(created.type == "ticket.created");
  const Data ticket(created);
  CHECK(ticket["/id"] == "11");
  CHECK(ticket["/status"] == "waiting");
  CHECK(ticket["/requester/email"] == "requester-bob@example.com");
  CHECK(ticket["/url"] == "http://test1234zzz.freshdesk.com/helpdesk/tickets/11");
  CHECK(one(fixture("generic", "freshdesk.status_changed.json")).type == "ticket.updated");
}

TEST_CASE("a flat ticket's own type is not the event's") {
  const Event event = one(
      R"({"id":7,"type":"question","subject":"How?","status":"open",
          "updated_at":"2026-03-02T09:15:30Z"})");
  CHECK(event.type == "ticket.updated");
  CHECK(event.resource.id == "7");
  CHECK(event.source_event_id.empty());  // the id is the ticket's: later updates are no duplicates
}

TEST_CASE("what is no ticket keeps its own type and payload") {
  const Event event = one(fixture("generic", "order.shipped.json"));
  CHECK(event.type == "order.shipped");
  CHECK(event.resource.type == "order");
  CHECK(event.resource.id == "ord_1180");
  CHECK(event.actor_json == R"({"id":"u_1","name":"Warehouse"})");
  CHECK(event.occurred_at_ms == 1'772'442'930'000);
  CHECK(event.data_json.empty());
  CHECK(event.payload_json.empty());
}

TEST_CASE("a body without any hint is still an event") {
  CHECK(one("{}").type == "webhook.received");
  CHECK(one(R"({"action":"pressed"})").type == "pressed");
  CHECK(one(R"({"action":"create","type":"Project"})").type == "Project.create");
}

TEST_CASE("settings name the places of type, id, time, actor and resource") {
  const std::string settings = R"({
    "event_type": ["header:X-Kind", "/meta/kind"], "event_id": ["meta.no"],
    "occurred_at": ["/meta/at"], "actor": ["who"], "resource": ["thing.key"]})";
  const std::string body =
      R"({"meta":{"kind":"lamp.on","no":9007199254740993,"at":"1772442930"},
          "who":"ada","thing":{"key":"L1"}})";
  const Event event = one(body, settings);
  CHECK(event.type == "lamp.on");
  CHECK(event.source_event_id == "9007199254740993");
  CHECK(event.occurred_at_ms == 1'772'442'930'000);
  CHECK(event.actor_json == R"({"name":"ada"})");
  CHECK(event.resource.type == "lamp");
  CHECK(event.resource.id == "L1");
  CHECK(one(body, settings, {{"Content-Type", "application/json"}, {"x-kind", "lamp.off"}}).type ==
        "lamp.off");
}

TEST_CASE("a list is one event per element, each with its own payload") {
  std::string body = "[";
  for (int i = 0; i < 100; ++i) {
    body += std::string(i ? "," : "") + R"({"event":"ticket.opened","event_id":"e)" +
            std::to_string(i) + R"(","ticket":{"id":)" + std::to_string(i) +
            R"(,"assignee":{"name":"Sam"},"subject":"s"}})";
  }
  const auto result = handle(body + "]");
  REQUIRE(result);
  REQUIRE(result->events.size() == 100);
  CHECK(result->events[99].source_event_id == "e99");
  CHECK(result->events[99].type == "ticket.opened");
  CHECK(result->events[99].payload_json.starts_with(R"({"event":"ticket.opened")"));
}

TEST_CASE("a form is an object of strings") {
  const Event event = one("event=call.ended&id=5&tag=a&tag=b+c", "{}",
                          {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}});
  CHECK(event.type == "call.ended");
  CHECK(event.payload_json == R"({"event":"call.ended","id":"5","tag":["a","b c"]})");
}

TEST_CASE("wrong settings are refused by name") {
  CHECK(refused(R"({"event_typ":[]})").message == "generic: settings.event_typ: unknown key");
  CHECK(refused(R"({"event_id":"id"})").message ==
        "generic: settings.event_id: must be a list of strings");
  CHECK(refused(R"({"actor":[1]})").message.find("settings.actor") != std::string::npos);
  CHECK(refused(R"({"delivery_key":"id"})").message ==
        "settings.delivery_key: must be a list of strings");
  CHECK(refused("[]").message == "generic: settings: must be an object");
}

TEST_CASE("settings name the delivery key, and [] says there is none") {
  const plugin::Manifest& manifest = connectorNamed("generic")->manifest();
  const Delivered delivered("generic", R"({"event_id":"e1","order":{"no":12}})",
                            {{"X-Request", "r-1"}});
  const auto key = [&](const std::string& settings) {
    const auto places = plugin::effectiveDeliveryKey(manifest, settings).value();
    return plugin::deliveryKey(places, delivered.request.headers, "token=t%201&x", delivered.body);
  };
  CHECK(key("{}") == "e1");
  CHECK(key(R"({"delivery_key":["order.no"]})") == "12");
  CHECK(key(R"({"delivery_key":["header:x-request","/event_id"]})") == "r-1");
  CHECK(key(R"({"delivery_key":["absent","query:token"]})") == "t 1");
  CHECK(key(R"({"delivery_key":[]})") == "");
}

}  // namespace junctor::testing
