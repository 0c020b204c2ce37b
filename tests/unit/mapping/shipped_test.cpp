// The mappings that are shipped: each proves its samples, and reads what providers really send.
#include <map>
#include <set>

#include "base/files.h"
#include "base/limits.h"
#include "fixture.h"

namespace junctor::mapping {
namespace {

Value readJson(const std::string& path) {
  const auto content = readFile(path, limits::kMappingBytesMax);
  INFO(path);
  REQUIRE(content);
  return json(*content);
}

std::string folder() {
  return std::string(JUNCTOR_SOURCE_DIR) + "/scripts/mappings";
}

Mapping shipped(const std::string& name) {
  auto mapping = readMapping(readJson(folder() + "/" + name + ".json"));
  INFO((mapping ? std::string() : mapping.error().message));
  REQUIRE(mapping);
  return *mapping;
}

// What a webhook's body becomes; its issues must be those expected.
std::string reads(const std::string& name, const std::string& payload,
                  const std::string& issues = "") {
  const auto out = fromExternal(
      shipped(name), readJson(std::string(JUNCTOR_TEST_DATA) + "/mapping/" + payload + ".json"));
  INFO(payload << ": " << (out ? std::string() : out.error().message));
  REQUIRE(out);
  CHECK(issuesOf(*out) == issues);
  return toJson(out->output);
}

std::vector<std::string> namesIn(const std::string& path) {
  auto names = listFolder(path);
  REQUIRE(names);
  return *names;
}

template <class Use>
void eachShipped(Use use) {
  for (const std::string& connector : namesIn(folder())) {
    for (const std::string& file : namesIn(folder() + "/" + connector)) {
      INFO(connector << "/" << file);
      use(connector, file.substr(0, file.size() - 5),
          readJson(folder() + "/" + connector + "/" + file));
    }
  }
}

}  // namespace

TEST_CASE("each connector has the objects it has") {
  std::map<std::string, std::set<std::string>> found;
  eachShipped([&found](const std::string& connector, const std::string& object, const Value&) {
    found[connector].insert(object);
  });
  const std::set<std::string> all = {"company", "contact", "deal", "message", "ticket"};
  const std::set<std::string> desk = {"company", "contact", "message", "ticket"};
  CHECK(found == std::map<std::string, std::set<std::string>>{{"freshdesk", desk},
                                                              {"github", {"message", "ticket"}},
                                                              {"gitlab", {"message", "ticket"}},
                                                              {"hubspot", all},
                                                              {"intercom", desk},
                                                              {"jira", {"message", "ticket"}},
                                                              {"linear", {"message", "ticket"}},
                                                              {"salesforce", all},
                                                              {"shopify", {"contact", "deal"}},
                                                              {"slack", {"contact", "message"}},
                                                              {"stripe", {"contact"}},
                                                              {"zendesk", desk}});
}

TEST_CASE("each shipped mapping is sound and its samples hold") {
  eachShipped([](const std::string& connector, const std::string& object, const Value& json) {
    for (const Finding& finding : checkDocument(json)) {
      INFO(describe(finding));
      CHECK_FALSE(finding.error);
    }
    const auto mapping = readMapping(json);
    REQUIRE(mapping);
    CHECK(mapping->connector == connector);
    CHECK(mapping->object == object);
    CHECK(mapping->version == 1);
  });
}

TEST_CASE("each shipped mapping has a sample that makes the whole round trip") {
  eachShipped([](const std::string&, const std::string&, const Value& json) {
    const auto mapping = readMapping(json);
    REQUIRE(mapping);
    REQUIRE_FALSE(mapping->samples.empty());
    const Sample& sample = mapping->samples.front();
    CHECK(sample.way == Way::Both);
    const auto trip = roundTrip(*mapping, sample.canonical);
    REQUIRE(trip);
    CHECK(trip->losses.size() == sample.lost.size());
    CHECK(trip->added.empty());
  });
}

TEST_CASE("each shipped mapping is written as it was read") {
  eachShipped([](const std::string&, const std::string&, const Value& json) {
    CHECK(toJson(writeMapping(*readMapping(json)), 2) == toJson(json, 2));
  });
}

TEST_CASE("every field of a shipped mapping has an origin with a source") {
  eachShipped([](const std::string&, const std::string&, const Value& json) {
    const auto mapping = readMapping(json);
    const auto out = toExternal(*mapping, mapping->samples.front().canonical);
    REQUIRE(out);
    for (const Origin& origin : out->origins) {
      const bool made =
          mapping->fields[origin.index].constant || mapping->fields[origin.index].default_value;
      CHECK((made || !origin.sources.empty()));
      CHECK(mapping->fields[origin.index].name == origin.field);
    }
  });
}

TEST_CASE("Zendesk's webhooks are read") {
  CHECK(reads("zendesk/ticket", "zendesk.ticket", "lossy status") ==
        R"({"id":"35436","status":"open","channel":"web",)"
        R"("created_at":"2024-04-17T17:18:10.000Z","updated_at":"2024-04-17T17:18:10.000Z"})");
  CHECK(reads("zendesk/contact", "zendesk.user", "lossy company.id") ==
        R"({"id":"6596848315901","email":"user@example.com","external_id":"","role":"user",)"
        R"("company":{"id":"0"},"created_at":"2099-07-04T05:27:58.000Z",)"
        R"("updated_at":"2099-07-04T05:33:18.000Z"})");
  CHECK(reads("zendesk/message", "zendesk.message") ==
        R"({"id":"67ab5f55155becd183e284cb","text":"Hi there. How can I help you today?"})");
}

TEST_CASE("Freshdesk's webhook is read") {
  CHECK(reads("freshdesk/ticket", "freshdesk.ticket", "lossy status, lossy priority") ==
        R"({"id":"11","subject":"Test ticket subject ☃",)"
        R"("description":"Test ticket description ☃.","status":"waiting","priority":"high",)"
        R"("type":"Incident","requester":{"email":"requester-bob@example.com",)"
        R"("name":"Requester ☃ Bob"},)"
        R"("url":"http://test1234zzz.freshdesk.com/helpdesk/tickets/11"})");
}

TEST_CASE("Intercom's webhooks are read") {
  CHECK(reads("intercom/contact", "intercom.contact") ==
        R"({"id":"6961d4041c1e12de4c5499cc","first":"Sample","last":"User",)"
        R"("email":"user@example.com","phone":null,"external_id":"24","role":"user",)"
        R"("assignee":{"id":null},"language":null,"address":{"city":null,"region":null,)"
        R"("country":null},"unsubscribed":false,"created_at":"2026-01-10T04:22:28.240Z",)"
        R"("updated_at":"2026-01-10T04:22:28.238Z"})");
  CHECK(
      reads("intercom/ticket", "intercom.ticket") ==
      R"({"id":"215472629311235","number":"66040342",)"
      R"("subject":"Unclear user message 'erf' with pending email response",)"
      R"("description":"User sent an unclear message 'erf' )"
      R"(and was informed that replies )"
      R"(will be sent here and to admin@example.com; awaiting further clarification or response.",)"
      R"("type":{"id":"2979330","name":"Tickets"},"status":"open",)"
      R"("requester":{"id":"696346bbaebb5a479d3851a3"},"assignee":{"id":"0"},)"
      R"("created_at":"2026-01-11T06:44:28.000Z","updated_at":"2026-01-11T06:50:50.000Z"})");
  CHECK(reads("intercom/message", "intercom.message") ==
        R"({"id":"2824391734","text":"Well,)"
        R"( I need some help getting access to a developer account.","public":true,)"
        R"("author":{"id":"5c9553cb27e377f24eed49f7","email":"user@example.com",)"
        R"("name":"Sample User"},"created_at":"2019-03-22T21:48:27.000Z"})");
}

TEST_CASE("Jira's webhooks are read") {
  CHECK(reads("jira/ticket", "jira.issue", "lossy description") ==
        R"({"id":"10040","number":"TES-41",)"
        R"("url":"https://some-instance-test.atlassian.net/rest/api/2/issue/10040",)"
        R"("project":"TES","type":"Story","subject":"Unit test summary",)"
        R"("description":"Unit test description, not that long","status":"open",)"
        R"("status_name":"To Do","priority":"high","tags":["test-label"],)"
        R"("requester":{"id":"5c5f880629be9642ba529340","name":"Test User",)"
        R"("email":"masked@example.com"},"due_at":null,"created_at":"2019-02-16T03:01:52.971Z",)"
        R"("updated_at":"2019-02-16T03:01:52.971Z"})");
  CHECK(reads("jira/message", "jira.comment", "lossy text") ==
        R"({"id":"10019",)"
        R"("url":"https://some-instance-test.atlassian.net/rest/api/2/issue/10040/comment/10019",)"
        R"("text":"Added a comment","public":true,"author":{"id":"5c5f880629be9642ba529340",)"
        R"("name":"Test User"},"created_at":"2019-02-16T03:11:18.321Z",)"
        R"("updated_at":"2019-02-16T03:11:18.321Z"})");
}

TEST_CASE("Shopify's webhooks are read") {
  CHECK(reads("shopify/contact", "shopify.customer", "lossy tags") ==
        R"({"id":"1","email":"test@example.com","first":"Test","last":"Citizen","phone":null,)"
        R"("notes":null,"tags":["tag1","tag2"],"address":{"street":"1 Smith St",)"
        R"("city":"BRISBANE","region":"Queensland","postal_code":"4000","country":"Australia"},)"
        R"("company":{"name":null},"total_spent":"278.60","orders":4,"stage":"enabled",)"
        R"("created_at":"2017-09-23T18:15:47.000Z","updated_at":"2017-09-23T18:15:47.000Z"})");
  CHECK(reads("shopify/deal", "shopify.order") ==
        R"({"id":"123456","name":"#9999","number":1234,"amount":10.00,"currency":"USD",)"
        R"("stage":"voided","fulfillment":"pending","requester":{"email":"jon@doe.ca",)"
        R"("id":null},"notes":null,"tags":[],"close_at":null,)"
        R"("created_at":"2016-05-17T04:14:36.000Z","updated_at":"2016-05-17T08:14:36.000Z"})");
  CHECK(reads("shopify/deal", "shopify.order_bigint") == R"({"id":"820982911946154508"})");
}

TEST_CASE("Stripe's event is read") {
  CHECK(reads("stripe/contact", "stripe.customer") ==
        R"({"id":"cus_00000000000000","first":null,"last":null,"email":null,"phone":null,)"
        R"j("notes":"(created by Stripe CLI)","currency":null,"delinquent":false,)j"
        R"("created_at":"2022-03-26T18:41:47.000Z"})");
}

}  // namespace junctor::mapping
