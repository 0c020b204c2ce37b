// Connections that are no HTTP, over the guard.
#include "net/line_socket.h"

#include <catch2/catch.hpp>

#include "unit/net/client_fixture.h"

namespace junctor::net::testing {
namespace {

LineLimits limitsOf(int64_t ms, size_t bytes = 1'000'000) {
  LineLimits limits;
  limits.deadline_ns = systemClock().monotonicNs() + ms * 1'000'000;
  limits.bytes_max = bytes;
  limits.allow_private = true;
  return limits;
}

uint16_t portOf(const ScriptedServer& server) {
  return static_cast<uint16_t>(server.port());
}

std::unique_ptr<LineSocket> dialed(const ScriptedServer& server, const LineLimits& limits) {
  auto line = LineSocket::dial("127.0.0.1", portOf(server), false, limits, systemClock());
  if (!line) FAIL(describe(line.error()));
  return std::move(*line);
}

}  // namespace

TEST_CASE("lines and bytes come as they were sent") {
  ScriptedServer server([](Peer& peer) {
    peer.send("hello\r\nbare\n");
    peer.send("12345rest\r\n");
    peer.waitForEnd();
  });
  const auto line = dialed(server, limitsOf(60'000));
  CHECK(line->readLine().value() == "hello");
  CHECK(line->readLine().value() == "bare");
  CHECK(line->read(5).value() == "12345");
  CHECK(line->readLine().value() == "rest");
}

TEST_CASE("what is written arrives, and an early end is told from an answer") {
  std::string seen;
  ScriptedServer server([&seen](Peer& peer) {
    seen = peer.readRequest();
    peer.send("half a li");
  });
  const auto line = dialed(server, limitsOf(60'000));
  CHECK(line->write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(line->readLine().error().code == ErrorCode::DataLoss);
  CHECK(seen.starts_with("GET / HTTP/1.1"));
}

TEST_CASE("an address is dialed only if it may be") {
  ScriptedServer server([](Peer& peer) { peer.waitForEnd(); });
  LineLimits limits = limitsOf(60'000);
  limits.allow_private = false;
  const auto line = LineSocket::dial("127.0.0.1", portOf(server), false, limits, systemClock());
  REQUIRE_FALSE(line);
  CHECK(line.error().code == ErrorCode::PermissionDenied);
  CHECK(server.connections() == 0);
}

TEST_CASE("an answer has a size, a deadline, and may be given up") {
  ScriptedServer large([](Peer& peer) { peer.send(std::string(10'000, 'x')); });
  CHECK(dialed(large, limitsOf(60'000, 1'000))->readLine().error().code ==
        ErrorCode::ResourceExhausted);
  ScriptedServer silent([](Peer& peer) { peer.waitForEnd(); });
  CHECK(dialed(silent, limitsOf(200))->readLine().error().code == ErrorCode::DeadlineExceeded);
  const std::atomic<bool> cancelled = true;
  const auto line = dialed(silent, limitsOf(60'000));
  LineLimits given_up = limitsOf(60'000);
  given_up.cancelled = &cancelled;
  CHECK(
      LineSocket::dial("127.0.0.1", portOf(silent), false, given_up, systemClock()).error().code ==
      ErrorCode::Cancelled);
}

}  // namespace junctor::net::testing
