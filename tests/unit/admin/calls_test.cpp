#include <catch2/catch.hpp>

#include "admin_server.h"
#include "base/threads.h"

using junctor::DeliveryState;
using junctor::Json;
using junctor::testing::AdminServer;
using junctor::testing::header;
using junctor::testing::parsed;
using Done = std::vector<std::string>;

TEST_CASE("an answer that the caller has already is 304, until it changes") {
  AdminServer server;
  server.store("acme", 1);
  const auto get = [&](const std::string& tag) {
    return server.call("GET", "/v1/tenants/acme/events", server.local(), "",
                       {{"If-None-Match", tag}});
  };
  const auto first = get("");
  REQUIRE(first.status == 200);
  const std::string tag = header(first, "ETag");
  CHECK(tag.size() == 34);
  CHECK(get(tag).status == 304);
  CHECK(get(tag).body.empty());
  CHECK(get("\"other\", " + tag).status == 304);
  server.store("acme", 1);
  CHECK(get(tag).status == 200);
  CHECK(header(server.get("/v1/tenants/nobody"), "ETag").empty());
}

TEST_CASE("an event is shown whole: numbers exact, request, deliveries, attempts") {
  AdminServer server;
  const auto id = server.store("acme", 1, DeliveryState::Pending)[0].text();
  junctor::store::AttemptRecord record;
  record.attempt.delivery_id = *junctor::DeliveryId::parse(server.deliveries("acme")[0]);
  record.attempt.number = 1;
  record.attempt.started_at_ms = server.services.clock_.unixMs();
  record.attempt.latency_us = 1500;
  record.attempt.status = 200;
  record.attempt.outcome = junctor::AttemptOutcome::Delivered;
  record.state = DeliveryState::Delivered;
  server.services.store().record(std::make_shared<const junctor::store::AttemptRecord>(record),
                                 [](junctor::Result<void> done) { (void)done; });
  server.services.store().flush();

  const auto answer = server.get("/v1/tenants/acme/events/" + id);
  CHECK(answer.body.find(R"("payload":{"n":9007199254740993})") != std::string::npos);
  const Json event = parsed(answer);
  CHECK(event["request"]["remote_ip"] == "192.0.2.1");
  REQUIRE(event["deliveries"].size() == 1);
  CHECK(event["deliveries"][0]["state"] == "delivered");
  CHECK(event["deliveries"][0]["attempt_log"][0]["status"] == 200);
  CHECK(event["deliveries"][0]["attempt_log"][0]["latency_us"] == 1500);

  std::vector<std::string> what;
  const Json timeline = parsed(server.get("/v1/tenants/acme/events/" + id + "/timeline"));
  for (const Json& moment : timeline["data"]) what.push_back(moment["what"]);
  CHECK(what == Done{"received", "normalized", "routed", "attempt", "delivered"});
}

TEST_CASE("ids of another kind, malformed and unknown ones are not found") {
  AdminServer server;
  const auto event = server.store("acme", 1)[0].text();
  for (const std::string& path :
       {std::string("events/evt_1"), "events/dlv" + event.substr(3), "deliveries/" + event,
        std::string("deliveries/dlv_00000000-0000-7000-8000-000000000000"),
        std::string("events/evt_00000000-0000-7000-8000-000000000000")}) {
    INFO(path);
    CHECK(server.get("/v1/tenants/acme/" + path).status == 404);
  }
  CHECK(server.get("/v1/tenants/nobody/events").status == 404);
}

TEST_CASE("replay, retry and discard reach the server") {
  AdminServer server;
  const auto event = server.store("acme", 1)[0].text();
  const std::string delivery = server.deliveries("acme")[0];
  const auto replayed = server.post("/v1/tenants/acme/events/" + event + "/replay");
  CHECK(replayed.status == 202);
  CHECK(parsed(replayed)["delivery_ids"].size() == 1);
  CHECK(server.post("/v1/tenants/acme/deliveries/" + delivery + "/retry", "{}").status == 200);
  const std::string discard = "/v1/tenants/acme/deliveries/" + delivery + "/discard";
  CHECK(server.post(discard, R"({"reason":"agent is gone"})").status == 200);
  CHECK(server.post(discard).status == 200);
  CHECK(server.services.done == Done{"replay " + event, "retry " + delivery,
                                     "discard " + delivery + ": agent is gone",
                                     "discard " + delivery + ": discarded by local"});
}

TEST_CASE("what the delivery's state forbids is a conflict") {
  AdminServer server;
  server.store("acme", 1, DeliveryState::Pending);
  const auto answer =
      server.post("/v1/tenants/acme/deliveries/" + server.deliveries("acme")[0] + "/retry");
  CHECK(answer.status == 409);
}

TEST_CASE("dead letters are grouped, listed and replayed by their cause") {
  AdminServer server;
  server.store("acme", 3);
  const std::string base = "/v1/tenants/acme/dead-letters";
  const auto causes = parsed(server.get(base + "/causes"))["data"];
  REQUIRE(causes.size() == 1);
  CHECK(causes[0]["count"] == 3);
  CHECK(causes[0]["destination"] == "agent");
  const std::string cause = causes[0]["fingerprint"];
  const auto listed = parsed(server.get(base + "?fingerprint=" + cause))["data"];
  CHECK(listed.size() == 3);
  CHECK(listed[0]["fingerprint"] == cause);
  CHECK(parsed(server.get(base + "?fingerprint=00000000000000ff"))["data"].empty());
  CHECK(server.get(base + "?fingerprint=xyz").status == 400);
  CHECK(parsed(server.post(base + "/replay",
                           R"({"fingerprint":")" + cause + R"("})"))["replayed"] == 3);
}

TEST_CASE("a replay is previewed, begun, shown and refused where its query makes no sense") {
  AdminServer server;
  server.store("acme", 4, DeliveryState::Dead, "order.paid");
  server.store("acme", 2, DeliveryState::Delivered, "order.sent");
  const std::string base = "/v1/tenants/acme/replays";
  const auto preview = server.post(base, R"({"of":"events","type":"order.p*","preview":true})");
  CHECK(preview.status == 200);
  CHECK(parsed(preview)["total"] == 4);
  CHECK(parsed(server.get(base))["data"].empty());
  const auto begun = server.post(base, R"({"of":"dead_letters","destination":"agent","rate":5})");
  REQUIRE(begun.status == 202);
  CHECK(parsed(begun)["total"] == 4);
  CHECK(parsed(begun)["filter"]["destination"] == "agent");
  const std::string id = parsed(begun)["id"];
  CHECK(parsed(server.get(base + "/" + id))["state"] == "running");
  CHECK(parsed(server.get(base))["data"].size() == 1);
  CHECK(server.get("/v1/tenants/globex/replays/" + id).status == 404);
  for (const char* body :
       {R"({})", R"({"of":"all"})", R"({"of":"events","fingerprint":"00000000000000ff"})",
        R"({"of":"dead_letters","type":"x"})", R"({"of":"events","rate":-1})",
        R"({"of":"events","rate":1.5})", R"({"of":"events","since":"yesterday"})",
        R"({"of":"dead_letters","fingerprint":"1"})", R"({"of":"events","preview":"yes"})",
        R"({"of":"events","unknown":1})"}) {
    INFO(body);
    CHECK(server.post(base, body).status == 400);
  }
}

TEST_CASE("dead letters are replayed by id, by destination or all") {
  AdminServer server;
  server.store("acme", 3);
  server.store("acme", 1, DeliveryState::Pending);
  const std::string path = "/v1/tenants/acme/dead-letters/replay";
  CHECK(parsed(server.post(path, R"({"all":true})"))["replayed"] == 3);
  CHECK(parsed(server.post(path, R"({"destination":"agent"})"))["replayed"] == 3);
  CHECK(parsed(server.post(path, R"({"destination":"other"})"))["replayed"] == 0);
  const auto ids = server.deliveries("acme");  // newest first: the first one is pending
  const Json answer =
      parsed(server.post(path, R"({"ids":[")" + ids[0] + R"(",")" + ids[1] + "\"]}"));
  CHECK(answer["replayed"] == 1);
  REQUIRE(answer["failed"].size() == 1);
  CHECK(answer["failed"][0]["id"] == ids[0]);
  for (const char* body : {"{}", R"({"all":false})", R"({"all":true,"destination":"agent"})",
                           R"({"ids":"x"})", R"({"ids":["x"]})", R"({"ids":[1]})"}) {
    INFO(body);
    CHECK(server.post(path, body).status == 400);
  }
}

TEST_CASE("the ledger counts each delivery in one state") {
  AdminServer server;
  server.store("acme", 2, DeliveryState::Dead);
  server.store("acme", 3, DeliveryState::Pending);
  server.store("acme", 1, DeliveryState::Filtered);
  server.store("globex", 4, DeliveryState::Dead);
  const Json ledger = parsed(server.get("/v1/tenants/acme/ledger"));
  CHECK(ledger["requests"] == 6);
  CHECK(ledger["inbox"] == 0);
  CHECK(ledger["accepted"] == 6);
  CHECK(ledger["dead"] == 2);
  CHECK(ledger["pending"] == 3);
  CHECK(ledger["filtered"] == 1);
}

TEST_CASE("readiness tells check by check and turns 503") {
  AdminServer server;
  CHECK(server.call("GET", "/readyz", "").status == 200);
  server.services.checks.push_back({"disk", false, "full"});
  const auto answer = server.call("GET", "/readyz", "");
  CHECK(answer.status == 503);
  CHECK(parsed(answer)["checks"][1]["detail"] == "full");
  CHECK(server.call("GET", "/healthz", "").status == 200);
}

TEST_CASE("bodies must be JSON objects, said to be so, where one is taken") {
  AdminServer server;
  const std::string path = "/v1/tokens", body = R"({"role":"viewer"})";
  CHECK(server.call("POST", path, server.local(), body, {}).status == 415);
  CHECK(server.call("POST", path, server.local(), body, {{"Content-Type", "text/plain"}}).status ==
        415);
  CHECK(server
            .call("POST", path, server.local(), body,
                  {{"Content-Type", "Application/JSON; charset=utf-8"}})
            .status == 201);
  CHECK(server.post(path, std::string(200'000, '[')).status == 400);
  CHECK(server.post(path, R"({"role":"viewer","role":"owner"})").status == 400);
  CHECK(server.post(path, std::string(300'000, ' ')).status == 413);
  CHECK(server.call("GET", path, server.local(), "{}").status == 400);
}

TEST_CASE("secrets are shown as references, places only to those who run the server") {
  AdminServer server;
  CHECK(parsed(server.get("/v1/tenants/acme/integrations"))["data"][0]["webhook_secrets"][0] ==
        "env:acme");
  CHECK(parsed(server.get("/v1/system")).contains("data_dir"));
  const std::string token = server.token(junctor::admin::Role::Owner, "acme");
  CHECK_FALSE(parsed(server.call("GET", "/v1/system", token)).contains("data_dir"));
}

TEST_CASE("when too many calls wait, the next one gets 503 and the rest their answers") {
  AdminServer server;
  const auto event = server.store("acme", 1)[0].text();
  const std::string replay = "/v1/tenants/acme/events/" + event + "/replay";
  server.services.shut();
  for (int i = 0; i < 2; ++i) server.start("POST", replay);
  while (server.services.waiting() < 2) std::this_thread::yield();  // both workers are inside
  for (int i = 0; i < 256; ++i) server.start("GET", "/v1/system");
  CHECK(server.answered().empty());
  const auto refused = server.get("/v1/system");
  CHECK(refused.status == 503);
  CHECK(header(refused, "Retry-After") == "1");
  CHECK(server.call("GET", "/healthz", "").status == 200);  // never waits
  server.services.open();
  while (server.answered().size() < 258) std::this_thread::yield();
  const auto answered = server.answered();
  CHECK(std::count(answered.begin(), answered.end(), 202) == 2);
  CHECK(std::count(answered.begin(), answered.end(), 200) == 256);
}

TEST_CASE("webhook URLs have the listener's scheme") {
  AdminServer server;
  const auto url = [&] {
    return parsed(server.get("/v1/tenants/acme/integrations"))["data"][0]["webhook_url"];
  };
  CHECK(url() == "http://127.0.0.1:8080/v1/webhooks/incoming/acme-gh");
  server.services.public_address = "https://127.0.0.1:8443";
  CHECK(url() == "https://127.0.0.1:8443/v1/webhooks/incoming/acme-gh");
}

TEST_CASE("what cannot verify or send says why in the lists") {
  AdminServer server;
  const auto first = [&](const char* list) {
    return parsed(server.get("/v1/tenants/acme/" + std::string(list)))["data"][0];
  };
  CHECK(first("integrations")["status"] == "active");
  CHECK(first("destinations")["problem"] == "");
  server.services.problem = "env:X is not set";
  CHECK(first("integrations")["status"] == "error");
  CHECK(first("integrations")["problem"] == "env:X is not set");
  CHECK(first("destinations")["problem"] == "env:X is not set");
}

TEST_CASE("a destination is paused and resumed, one that is not there is 404") {
  AdminServer server;
  const std::string path = "/v1/tenants/acme/destinations/agent";
  const auto paused = server.post(path + "/pause");
  REQUIRE(paused.status == 200);
  CHECK(parsed(paused)["state"] == "paused");
  CHECK(server.services.paused.contains("acme/agent"));
  CHECK(parsed(server.post(path + "/resume"))["state"] == "flowing");
  CHECK(server.services.paused.empty());
  CHECK(server.post("/v1/tenants/acme/destinations/nobody/pause").status == 404);
  CHECK(server.post(path + "/pause", R"({"until":"tomorrow"})").status == 400);
}

TEST_CASE("what was acknowledged is found before its event is made") {
  AdminServer server;
  const std::string id = server.receive("acme")->id.text();
  const auto event = parsed(server.get("/v1/tenants/acme/events/" + id));
  CHECK(event["status"] == "received");
  CHECK(event["id"] == id);
  CHECK(event["deliveries"].empty());
  CHECK(parsed(server.get("/v1/tenants/acme/events/" + id + "/timeline"))["data"].size() == 1);
  CHECK(server.get("/v1/tenants/other/events/" + id).status == 404);
  const std::string processed = server.store("acme", 1).front().text();
  CHECK(parsed(server.get("/v1/tenants/acme/events/" + processed))["status"] == "processed");
}
