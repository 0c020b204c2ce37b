#include <catch2/catch.hpp>

#include "base/json_doc.h"
#include "delivery/cloud_event.h"

using junctor::EventEnvelope;
using junctor::JsonDoc;
using junctor::RawRequest;
namespace delivery = junctor::delivery;

namespace {

EventEnvelope envelope(std::string body = R"({"id":12345678901234567890,"n":9007199254740993})") {
  auto request = std::make_shared<RawRequest>();
  request->body = std::move(body);
  EventEnvelope out;
  out.event.id = {junctor::Uuid{0x0192f0c1a2b37123ULL, 0x8123456789abcdefULL}};
  out.event.tenant = "demo";
  out.event.integration = "gh";
  out.event.source = "github";
  out.event.type = "issues.opened";
  out.event.resource = {"issue", "42"};
  out.event.received_at_ms = 1'763'700'000'123;
  out.event.correlation_id = "0af7651916cd43dd8448eb211c80319c";
  out.event.actor_json = R"({"login":"ann"})";
  out.request = request;
  return out;
}

}  // namespace

TEST_CASE("the structured body is a CloudEvent 1.0 with the original payload bytes inside") {
  const EventEnvelope event = envelope();
  const std::string body = delivery::structuredBody(event);
  JsonDoc document;
  const auto root = document.parse(body);
  REQUIRE(root);
  CHECK(root->find("specversion").asString() == "1.0");
  CHECK(root->find("id").asString() == event.event.id.text());
  CHECK(root->find("type").asString() == "github.issues.opened");
  CHECK(root->find("subject").asString() == "issue/42");
  CHECK(root->find("source").asString() == "/tenants/demo/integrations/gh");
  CHECK(root->pointer("/data/actor/login").asString() == "ann");
  CHECK(body.find(event.request->body) != std::string::npos);
}

TEST_CASE("the body is the same bytes on every attempt") {
  CHECK(delivery::structuredBody(envelope()) == delivery::structuredBody(envelope()));
}

TEST_CASE("an event's own payload stands in for the body") {
  EventEnvelope event = envelope("a=1&b=2");
  event.event.payload_json = R"({"a":"1","b":"2"})";
  const std::string body = delivery::structuredBody(event);
  JsonDoc document;
  const auto root = document.parse(body);
  REQUIRE(root);
  CHECK(root->pointer("/data/payload/b").asString() == "2");
}

TEST_CASE("binary mode moves the attributes to ce- headers without line breaks") {
  EventEnvelope event = envelope();
  event.event.type = "x\r\nInjected: 1";
  for (const auto& [name, value] : delivery::binaryHeaders(event)) {
    CHECK(value.find('\n') == std::string::npos);
    CHECK(value.find('\r') == std::string::npos);
  }
}

TEST_CASE("traceparent carries the event's trace id and a span that is not zero") {
  const std::string trace = delivery::traceParent(envelope().event, 0);
  CHECK(trace == "00-0af7651916cd43dd8448eb211c80319c-0000000000000001-01");
}
