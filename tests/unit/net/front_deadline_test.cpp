// Clients that are slow on purpose: each meets its deadline while others are served.
#include <catch2/catch.hpp>

#include <unistd.h>

#include "unit/net/front_fixture.h"

using junctor::net::HttpRequest;
using junctor::net::HttpServerOptions;
using junctor::net::HttpServerStats;
using junctor::net::ResponderPtr;
using junctor::testing::Front;
using junctor::testing::get;
using junctor::testing::RawClient;

namespace {

constexpr int64_t kShortMs = 80;
constexpr int64_t kLongMs = 600'000;

HttpServerOptions patient() {
  HttpServerOptions options;
  options.header_deadline_ms = options.request_deadline_ms = kLongMs;
  options.response_deadline_ms = options.idle_deadline_ms = kLongMs;
  return options;
}

}  // namespace

TEST_CASE("a head that drips in gets 408 at its deadline") {
  HttpServerOptions options = patient();
  options.header_deadline_ms = kShortMs;
  Front front(options);
  front.start();
  RawClient slow(front.port());
  slow.send("GET / HTTP/1.1\r\n");
  while (slow.send("X: y\r\n") && front.server().stats().timeouts_total == 0) {
    CHECK(front.alive());
    ::usleep(5'000);
  }
  const auto response = slow.receive();
  REQUIRE(response);
  CHECK(response->status == 408);
  CHECK(front.alive());
}

TEST_CASE("a connection that never says anything is closed at the header deadline") {
  HttpServerOptions options = patient();
  options.header_deadline_ms = kShortMs;
  Front front(options);
  front.start();
  RawClient silent(front.port());
  CHECK(silent.closedByServer());
}

TEST_CASE("a body that drips in gets 408 at the request's deadline") {
  HttpServerOptions options = patient();
  options.request_deadline_ms = kShortMs;
  Front front(options);
  front.start();
  RawClient slow(front.port());
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  while (slow.send("x") && front.server().stats().timeouts_total == 0) {
    CHECK(front.alive());
    ::usleep(5'000);
  }
  const auto response = slow.receive();
  REQUIRE(response);
  CHECK(response->status == 408);
  CHECK(front.handler.targetsSeen().size() >= 1);
}

TEST_CASE("a chunked body that drips in gets 408 at the request's deadline") {
  HttpServerOptions options = patient();
  options.request_deadline_ms = kShortMs;
  Front front(options);
  front.start();
  RawClient slow(front.port());
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  while (slow.send("1\r\nx\r\n") && front.server().stats().timeouts_total == 0) ::usleep(5'000);
  const auto response = slow.receive();
  REQUIRE(response);
  CHECK(response->status == 408);
}

TEST_CASE("a peer that does not read its answer is cut off") {
  HttpServerOptions options = patient();
  options.response_deadline_ms = kShortMs;
  Front front(options);
  front.handler.on_handle = [](HttpRequest request, ResponderPtr responder) {
    responder->reply({200, {}, request.path == "/large" ? std::string(30'000'000, 'z') : ""});
  };
  front.start();
  RawClient slow(front.port(), 4096);
  slow.send(get("/large"));
  CHECK(front.eventually([](const HttpServerStats& now) { return now.timeouts_total == 1; }));
  CHECK(front.alive());
  CHECK_FALSE(slow.receive());  // what was sent is not the whole answer
}

TEST_CASE("an idle kept-alive connection is closed silently") {
  HttpServerOptions options = patient();
  options.idle_deadline_ms = kShortMs;
  Front front(options);
  front.start();
  RawClient client(front.port());
  client.send(get("/"));
  REQUIRE(client.receive());
  CHECK(client.closedByServer());
  CHECK(front.server().stats().timeouts_total == 0);
}

TEST_CASE("a request that waits for its handler meets no deadline") {
  HttpServerOptions options;
  options.header_deadline_ms = options.request_deadline_ms = kShortMs;
  options.response_deadline_ms = options.idle_deadline_ms = kShortMs;
  Front front(options);
  ResponderPtr kept;
  std::atomic<bool> handled{false};
  front.handler.on_handle = [&](HttpRequest, ResponderPtr responder) {
    kept = std::move(responder);
    handled = true;
  };
  front.start();
  RawClient client(front.port());
  client.send(get("/"));
  while (!handled) ::usleep(1'000);
  ::usleep(5 * kShortMs * 1000);
  kept->reply({200, {}, "late but here"});
  const auto response = client.receive();
  REQUIRE(response);
  CHECK(response->body == "late but here");
}

TEST_CASE("hundreds of slow clients do not keep one good client waiting") {
  Front front(patient());
  front.start();
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 400; ++i) {
    slow.push_back(std::make_unique<RawClient>(front.port()));
    slow.back()->send(i % 2 ? "GET / HTTP/1.1\r\nX: "
                            : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  }
  RawClient good(front.port());
  for (int i = 0; i < 100; ++i) {
    good.send(get("/good"));
    const auto response = good.receive();
    REQUIRE(response);
    CHECK(response->status == 200);
  }
}
