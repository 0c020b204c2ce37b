// The ports of connectors over a real store, real sockets and real metrics.
#include "app/connector_ports.h"

#include <catch2/catch.hpp>

#include "base/threads.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"
#include "unit/net/scripted_server.h"
#include "vault/vault.h"

namespace junctor::testing {
namespace {

using net::testing::answering;
using net::testing::Peer;
using net::testing::ScriptedServer;

plugin::PortCall callOf(std::string_view integration = "i-1", std::string_view connector = "acme") {
  plugin::PortCall call;
  call.connector = connector;
  call.tenant = "demo";
  call.integration = integration;
  return call;
}

plugin::HttpSend getFrom(const std::string& url) {
  plugin::HttpSend request;
  request.method = "GET";
  request.url = url;
  request.timeout_ms = 60'000;
  request.answer_bytes_max = 1'000;
  return request;
}

plugin::KvWrite writeOf(const std::string& key, const std::string& value) {
  plugin::KvWrite write;
  write.key = key;
  write.value = value;
  write.quota_bytes = 100;
  return write;
}

// Storage on disk that can be opened again.
struct StorageHouse {
  TempFolder folder;
  ManualClock clock;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<app::StoragePort> port;

  StorageHouse() { reopen(); }
  void reopen() {
    port.reset();
    store.reset();
    store::StoreOptions options;
    options.data_dir = folder.path();
    auto opened = store::open("sqlite", options, clock);
    if (!opened) FAIL(describe(opened.error()));
    store = std::move(*opened);
    port = std::make_unique<app::StoragePort>(*store, clock);
  }
};

struct NetworkHouse {
  std::unique_ptr<net::HttpClient> client = net::startHttpClient(systemClock());
  app::NetworkPort port{*client, systemClock(), true};
};

}  // namespace

TEST_CASE("a connector's request is sent as it is, with its idempotency key") {
  NetworkHouse house;
  std::string seen;
  ScriptedServer server([&seen](Peer& peer) {
    seen = peer.readRequest();
    peer.send("HTTP/1.1 201 Created\r\nX-Id: 7\r\nContent-Length: 2\r\n\r\nhi");
  });
  plugin::HttpSend request = getFrom(server.url("/v1/things?x=1"));
  request.method = "POST";
  request.body = "{\"a\":1}";
  request.headers = {{"Content-Type", "application/json"}};
  request.idempotency_key = "key-1";
  const auto answer = house.port.send(callOf(), request);
  REQUIRE(answer);
  CHECK(answer->status == 201);
  CHECK(answer->body == "hi");
  CHECK(*findHeader(answer->headers, "x-id") == "7");
  CHECK(seen.starts_with("POST /v1/things?x=1 HTTP/1.1\r\n"));
  CHECK(seen.find("Idempotency-Key: key-1\r\n") != std::string::npos);
  CHECK(seen.ends_with("{\"a\":1}"));
}

TEST_CASE("a credential that is not stored is an answer of its own, and nothing is sent") {
  NetworkHouse house;
  ScriptedServer server(answering(net::testing::okResponse()));
  plugin::HttpSend request = getFrom(server.url());
  request.credential = "api";
  const auto answer = house.port.send(callOf(), request);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::Unauthenticated);
  CHECK(answer.error().message == "integration i-1 has no credential named api");
  CHECK(server.connections() == 0);
}

TEST_CASE("connectors reach no private network") {
  const auto client = net::startHttpClient(systemClock());
  app::NetworkPort port(*client, systemClock());
  ScriptedServer server(answering(net::testing::okResponse()));
  const auto answer = port.send(callOf(), getFrom(server.url()));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::PermissionDenied);
  CHECK(server.connections() == 0);
}

TEST_CASE("an answer over its limit, and one that does not come, are told apart") {
  NetworkHouse house;
  ScriptedServer large(answering(net::testing::okResponse(std::string(2'000, 'x'))));
  CHECK(house.port.send(callOf(), getFrom(large.url())).error().code ==
        ErrorCode::ResourceExhausted);
  ScriptedServer silent([](Peer& peer) { peer.waitForEnd(); });
  plugin::HttpSend request = getFrom(silent.url());
  request.timeout_ms = 50;
  CHECK(house.port.send(callOf(), request).error().code == ErrorCode::DeadlineExceeded);
}

TEST_CASE("a cancelled call does not wait for its answer") {
  NetworkHouse house;
  std::atomic<bool> cancelled = false;
  ScriptedServer silent([&cancelled](Peer& peer) {
    peer.readRequest();
    cancelled = true;
    peer.waitForEnd();
  });
  plugin::PortCall call = callOf();
  call.cancelled = &cancelled;
  const auto answer = house.port.send(call, getFrom(silent.url()));
  CHECK(answer.error().code == ErrorCode::Cancelled);
  house.client.reset();  // ends the connection that the server still holds
}

TEST_CASE("values survive a restart, each integration's apart from the others'") {
  StorageHouse house;
  const std::string bytes("\0\xff\n", 3);
  const auto version = house.port->put(callOf(), writeOf("k", bytes));
  REQUIRE(version);
  CHECK(house.port->get(callOf(), "k")->value == bytes);
  CHECK(house.port->get(callOf("i-2"), "k").error().code == ErrorCode::NotFound);
  CHECK(house.port->get(callOf("i-1", "other"), "k").error().code == ErrorCode::NotFound);
  house.reopen();
  CHECK(house.port->get(callOf(), "k")->value == bytes);
  CHECK(house.port->get(callOf(), "k")->version == *version);
  CHECK(house.port->remove(callOf(), "k"));
  CHECK(house.port->remove(callOf(), "k"));
  house.reopen();
  CHECK(house.port->get(callOf(), "k").error().code == ErrorCode::NotFound);
}

TEST_CASE("a write over a version happens only over that one") {
  StorageHouse house;
  plugin::KvWrite write = writeOf("k", "1");
  write.if_version = 0;
  const auto first = house.port->put(callOf(), write);
  REQUIRE(first);
  CHECK(house.port->put(callOf(), write).error().code == ErrorCode::AlreadyExists);
  write.if_version = *first;
  const auto second = house.port->put(callOf(), write);
  REQUIRE(second);
  CHECK(*second > *first);
  CHECK(house.port->put(callOf(), write).error().code == ErrorCode::AlreadyExists);
  CHECK(house.port->remove(callOf(), "k"));
  write.if_version = 0;
  CHECK(*house.port->put(callOf(), write) > *second);
}

TEST_CASE("the quota counts keys and values, and what is overwritten or gone no more") {
  StorageHouse house;
  CHECK(house.port->put(callOf(), writeOf("a", std::string(59, 'x'))));
  CHECK(house.port->put(callOf(), writeOf("b", std::string(40, 'x'))).error().code ==
        ErrorCode::ResourceExhausted);
  CHECK(house.port->put(callOf(), writeOf("b", std::string(39, 'x'))));
  CHECK(house.port->put(callOf(), writeOf("a", "")));
  CHECK(house.port->put(callOf(), writeOf("c", std::string(57, 'x'))));
  house.reopen();
  CHECK(house.port->put(callOf(), writeOf("d", "y")).error().code == ErrorCode::ResourceExhausted);
}

TEST_CASE("a value expires when its time is over, also over a restart") {
  StorageHouse house;
  plugin::KvWrite write = writeOf("k", "v");
  write.ttl_ms = 1'000;
  REQUIRE(house.port->put(callOf(), write));
  CHECK(house.port->get(callOf(), "k")->expires_at_ms == house.clock.unixMs() + 1'000);
  house.clock.pass(std::chrono::milliseconds(999));
  house.reopen();
  CHECK(house.port->get(callOf(), "k"));
  house.clock.pass(std::chrono::milliseconds(1));
  CHECK(house.port->get(callOf(), "k").error().code == ErrorCode::NotFound);
}

TEST_CASE("keys are listed page by page, in byte order") {
  StorageHouse house;
  for (const char* key : {"p", "p1", "p2", "p3", "o", "q"}) {
    REQUIRE(house.port->put(callOf(), writeOf(key, key)));
  }
  const auto keys = [&](const std::string& prefix, const std::string& after, size_t limit) {
    std::string all;
    const auto page = house.port->list(callOf(), prefix, after, limit);
    for (const auto& [key, value] : *page) all += key + " ";
    return all;
  };
  CHECK(keys("p", "", 100) == "p p1 p2 p3 ");
  CHECK(keys("p", "", 2) == "p p1 ");
  CHECK(keys("p", "p1", 2) == "p2 p3 ");
  CHECK(keys("p", "p3", 2).empty());
  CHECK(keys("", "", 100) == "o p p1 p2 p3 q ");
  CHECK(keys("z", "", 100).empty());
}

TEST_CASE("metrics of a connector stand among the host's, and cannot crowd them out") {
  observe::Metrics metrics;
  app::MetricsOfConnectors port(metrics);
  CHECK(port.count(callOf(), "acts", {{"kind", "good"}}, 2));
  CHECK(port.count(callOf(), "acts", {{"kind", "good"}}, 3));
  CHECK(port.observeUs(callOf(), "took", {}, 60));
  const std::string text = metrics.render();
  CHECK(text.find("junctor_connector_acts_total{connector=\"acme\",kind=\"good\"} 5") !=
        std::string::npos);
  CHECK(text.find("junctor_connector_took_seconds_count{connector=\"acme\"} 1") !=
        std::string::npos);
  size_t admitted = 0;
  for (int i = 0; i < 200; ++i) {
    if (port.count(callOf(), "many", {{"n", std::to_string(i)}}, 1)) ++admitted;
  }
  CHECK(admitted == limits::kConnectorMetricsMax - 2);
  CHECK(port.count(callOf(), "acts", {{"kind", "good"}}, 1));
  CHECK(port.count(callOf("i-1", "other"), "acts", {}, 1));
}

TEST_CASE("a connector is given its integration's secret and no other's") {
  StorageHouse house;
  auto vault = vault::Vault::open(
      *house.store, {.key = {.path = house.folder.path() + "/vault.key", .may_create = true}},
      house.clock);
  REQUIRE(vault.has_value());
  REQUIRE((*vault)->put({"demo", "i-1", "token"}, "s3cret"));
  REQUIRE((*vault)->put({"demo", "i-2", "other"}, "another"));
  app::SecretsOfIntegrations port(**vault);
  CHECK(port.get(callOf("i-1"), "token").value() == "s3cret");
  CHECK(port.get(callOf("i-2"), "token").error().code == ErrorCode::NotFound);
  CHECK(port.get(callOf("i-1"), "other").error().code == ErrorCode::NotFound);
}

}  // namespace junctor::testing
