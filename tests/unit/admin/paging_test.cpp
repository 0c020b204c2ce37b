#include <catch2/catch.hpp>
#include <set>

#include "admin_server.h"
#include "base/bytes.h"

using junctor::Json;
using junctor::testing::AdminServer;
using junctor::testing::header;
using junctor::testing::parsed;

namespace {

std::vector<std::string> idsOverPages(AdminServer& server, const std::string& target, int limit) {
  std::vector<std::string> ids;
  std::string cursor;
  do {
    const std::string join = target.find('?') == std::string::npos ? "?" : "&";
    const Json page =
        parsed(server.get(target + join + "limit=" + std::to_string(limit) +
                          (cursor.empty() ? "" : "&cursor=" + junctor::percentEncode(cursor))));
    CHECK(page["data"].size() <= static_cast<size_t>(limit));
    CHECK(page["has_more"].get<bool>() == page["next_cursor"].is_string());
    for (const Json& item : page["data"]) ids.push_back(item["id"].get<std::string>());
    cursor = page["has_more"].get<bool>() ? page["next_cursor"].get<std::string>() : "";
  } while (!cursor.empty());
  return ids;
}

}  // namespace

TEST_CASE("pages of any size give every event once, newest first") {
  AdminServer server;
  const auto made = server.store("acme", 23);
  server.store("globex", 5);
  std::vector<std::string> newest_first;
  for (auto id = made.rbegin(); id != made.rend(); ++id) newest_first.push_back(id->text());
  for (const int limit : {1, 7, 22, 23, 24, 250}) {
    CHECK(idsOverPages(server, "/v1/tenants/acme/events", limit) == newest_first);
  }
  for (const int limit : {1, 10, 250}) {
    const auto ids = idsOverPages(server, "/v1/tenants/acme/deliveries", limit);
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 23);
    CHECK(idsOverPages(server, "/v1/tenants/acme/dead-letters", limit) == ids);
  }
}

TEST_CASE("filters narrow a list and may be combined") {
  AdminServer server;
  server.store("acme", 3, junctor::DeliveryState::Pending, "push");
  const int64_t between = server.services.clock_.unixMs() + 5;
  const auto later = server.store("acme", 2, junctor::DeliveryState::Dead, "issues.opened");
  const auto count = [&](const std::string& query) {
    return parsed(server.get("/v1/tenants/acme/" + query))["data"].size();
  };
  CHECK(count("events?type=push") == 3);
  CHECK(count("events?type=issues.*") == 2);
  CHECK(count("events?type=issues.%2A&source=github") == 2);
  CHECK(count("events?integration=acme-gh&limit=4") == 4);
  CHECK(count("events?integration=other") == 0);
  CHECK(count("events?since=" + std::to_string(between)) == 2);
  CHECK(count("events?until=" + junctor::percentEncode(junctor::formatRfc3339(between))) == 3);
  CHECK(count("deliveries?state=pending") == 3);
  CHECK(count("deliveries?state=dead&destination=agent") == 2);
  CHECK(count("deliveries?event=" + later[0].text()) == 1);
  CHECK(count("dead-letters") == 2);
}

TEST_CASE("a query that is not understood is refused, not ignored") {
  AdminServer server;
  server.store("acme", 1);
  for (const char* query :
       {"events?limit=0", "events?limit=251", "events?limit=ten", "events?limit=-1",
        "events?limit=", "events?limit=1&limit=2", "events?lmit=1", "events?since=yesterday",
        "events?since=2026-13-01T00:00:00Z", "events?since=2026-02-30T00:00:00Z",
        "events?since=2026-01-01", "events?type=%zz", "events?cursor=nonsense",
        "deliveries?state=lost", "deliveries?event=evt_1", "dead-letters?state=dead",
        "ledger?x=1"}) {
    INFO(query);
    const auto answer = server.get("/v1/tenants/acme/" + std::string(query));
    CHECK(answer.status == 400);
    CHECK(header(answer, "Content-Type") == "application/problem+json");
    CHECK(!parsed(answer)["detail"].get<std::string>().empty());
  }
}

TEST_CASE("times are read with offsets and fractions") {
  AdminServer server;
  server.store("acme", 1);
  const int64_t at = server.services.clock_.unixMs();
  for (const char* offset : {"Z", "+00:00", "-00:00"}) {
    std::string time = junctor::formatRfc3339(at);
    time.replace(time.size() - 1, 1, offset);
    const auto page =
        parsed(server.get("/v1/tenants/acme/events?since=" + junctor::percentEncode(time)));
    CHECK(page["data"].size() == 1);
  }
  // 02:00 ahead of UTC: the same digits name a moment two hours earlier.
  std::string east = junctor::formatRfc3339(at - 1 + 7'200'000);
  east.replace(east.size() - 1, 1, "+02:00");
  CHECK(parsed(server.get("/v1/tenants/acme/events?until=" + junctor::percentEncode(east)))["data"]
            .empty());
}
