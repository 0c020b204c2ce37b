// TLS against real certificates, good and bad (tests/data/tls).
#include <catch2/catch.hpp>

#include "unit/net/client_fixture.h"

namespace junctor::net {
namespace {

using testing::answering;
using testing::ClientFixture;
using testing::okResponse;
using testing::ScriptedServer;

const std::string kCa = JUNCTOR_TEST_DATA "/tls/ca.pem";

OutboundRequest trusting(const std::string& url, const std::string& ca_file) {
  auto request = ClientFixture::postTo(url);
  request.ca_file = ca_file;
  return request;
}

}  // namespace

TEST_CASE_METHOD(ClientFixture,
                 "a certificate of the given authority is good, and the connection "
                 "is kept") {
  ScriptedServer server(answering(okResponse()), "good");
  for (int i = 0; i < 3; ++i) {
    const auto response = call(trusting(server.url(), kCa));
    REQUIRE(response);
    CHECK(response->body == "ok");
  }
  const std::string by_name = "https://localhost:" + std::to_string(server.port()) + "/";
  CHECK(call(trusting(by_name, kCa)));
  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(ClientFixture, "a bad certificate is refused before a byte of the request") {
  for (const char* identity : {"expired", "future", "wrong-host", "client-only", "self-signed"}) {
    INFO(identity);
    std::atomic<int> requests{0};
    ScriptedServer server(
        [&](testing::Peer& peer) {
          if (!peer.readRequest().empty()) ++requests;
        },
        identity);
    const auto result = call(trusting(server.url(), kCa));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::Unavailable);
    CHECK(result.error().message.starts_with("TLS: "));
    CHECK(requests == 0);
  }
}

TEST_CASE_METHOD(ClientFixture, "an authority that was not given is not trusted") {
  ScriptedServer server(answering(okResponse()), "good");
  REQUIRE(call(trusting(server.url(), kCa)));
  CHECK(errorOf(postTo(server.url())) == ErrorCode::Unavailable);
  CHECK(errorOf(trusting(server.url(), JUNCTOR_TEST_DATA "/tls/self-signed.pem")) ==
        ErrorCode::Unavailable);
}

TEST_CASE_METHOD(ClientFixture, "a missing or broken ca_file is an error, not a default") {
  ScriptedServer server(answering(okResponse()), "good");
  CHECK(errorOf(trusting(server.url(), "/nonexistent.pem")) == ErrorCode::Unavailable);
  CHECK(errorOf(trusting(server.url(), JUNCTOR_TEST_DATA "/vectors.json")) ==
        ErrorCode::Unavailable);
}

TEST_CASE_METHOD(ClientFixture,
                 "a server that speaks no TLS is refused, and plain text to TLS too") {
  ScriptedServer plain([](testing::Peer& peer) {
    peer.send(okResponse());
    peer.waitForEnd();
  });
  CHECK(errorOf(trusting("https://127.0.0.1:" + std::to_string(plain.port()) + "/", kCa)) ==
        ErrorCode::Unavailable);
  ScriptedServer tls(answering(okResponse()), "good");
  CHECK_FALSE(call(postTo("http://127.0.0.1:" + std::to_string(tls.port()) + "/")));
}

TEST_CASE_METHOD(ClientFixture, "a large body goes over TLS whole") {
  size_t received = 0;
  ScriptedServer server(
      [&](testing::Peer& peer) {
        received = peer.readRequest().size();
        peer.send(okResponse());
      },
      "good");
  auto request = trusting(server.url(), kCa);
  request.body = std::make_shared<const std::string>(5'000'000, 'x');
  REQUIRE(call(request));
  CHECK(received > 5'000'000);
}

}  // namespace junctor::net
