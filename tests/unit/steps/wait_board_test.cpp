// Which waits an event ends.
#include "steps/wait_board.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

namespace junctor::steps {
namespace {

WaitingStep waiting(uint64_t delivery, const std::string& key, const std::string& pattern,
                    int64_t since_key = 0, const std::string& tenant = "acme") {
  WaitingStep one;
  one.delivery_id = DeliveryId{{0x0190000000007000ULL, delivery}};
  one.tenant = tenant;
  one.step.key = key;
  one.step.kind = "wait";
  one.step.result_json = waitJson(pattern, since_key);
  return one;
}

EventEnvelope eventOf(const std::string& type, const std::string& tenant = "acme") {
  EventEnvelope envelope;
  envelope.event.id = EventId{{0x0195000000007000ULL, 1}};
  envelope.event.type = type;
  envelope.event.tenant = tenant;
  auto request = std::make_shared<RawRequest>();
  request->body = R"({"n":1})";
  envelope.request = request;
  return envelope;
}

TEST_CASE("an event ends the waits of its tenant that it matches", "[steps]") {
  WaitBoard board;
  for (const auto& one : {waiting(1, "1", R"({"type":"a.*"})"), waiting(1, "2", R"({"type":"b"})"),
                          waiting(2, "1", R"({"type":"a.b","where":{"n":1}})"),
                          waiting(3, "1", R"({"type":"a.b","where":{"n":2}})"),
                          waiting(4, "1", R"({"type":"a.b"})", 0, "other")}) {
    const auto wait = readWait(one);
    REQUIRE(wait);
    CHECK(board.add(*wait) == WaitBoard::Added::New);
    CHECK(board.add(*wait) == WaitBoard::Added::Known);
  }
  CHECK(board.interested("acme"));
  CHECK_FALSE(board.interested("nobody"));
  const auto ended = board.endedBy(eventOf("a.b"));
  REQUIRE(ended.size() == 2);
  CHECK(ended[0].delivery.uuid.lo == 1);
  CHECK(ended[1].delivery.uuid.lo == 2);
  board.remove(ended[1].delivery, "1");
  board.removeAll(ended[0].delivery);
  CHECK(board.endedBy(eventOf("a.b")).empty());
  CHECK(board.endedBy(eventOf("b")).empty());
  board.removeAll(DeliveryId{{0x0190000000007000ULL, 4}});
  CHECK_FALSE(board.interested("other"));
}

TEST_CASE("an event from before the wait's time does not end it", "[steps]") {
  const auto event = eventOf("a");
  const int64_t key = event.event.id.orderKey();
  CHECK(readWait(waiting(1, "1", R"({"type":"a"})", key - 1))->endedBy(event));
  CHECK_FALSE(readWait(waiting(1, "1", R"({"type":"a"})", key))->endedBy(event));
}

TEST_CASE("a tenant has no more waits than it may", "[steps]") {
  WaitBoard board;
  auto wait = *readWait(waiting(1, "1", R"({"type":"a"})"));
  for (size_t i = 0; i < limits::kFlowWaitsMax; ++i) {
    wait.delivery.uuid.lo = i;
    REQUIRE(board.add(wait) == WaitBoard::Added::New);
  }
  wait.delivery.uuid.lo = limits::kFlowWaitsMax;
  CHECK(board.add(wait) == WaitBoard::Added::Full);
  wait.tenant = "other";
  CHECK(board.add(wait) == WaitBoard::Added::New);
}

TEST_CASE("what is no wait is told", "[steps]") {
  auto one = waiting(1, "1", R"({"type":"a"})");
  for (const char* text : {"", "[]", "{}", R"({"for":{}})", R"({"for":{"type":5}})"}) {
    one.step.result_json = text;
    CHECK_FALSE(readWait(one));
  }
}

}  // namespace
}  // namespace junctor::steps
