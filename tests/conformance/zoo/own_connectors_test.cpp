// The connectors that Junctor ships, against every check of the level that others must pass.
#include "base/files.h"
#include "conformance/zoo/zoo_house.h"

namespace junctor::testing {
namespace {

void mustPass(const std::string& name, size_t least = 50) {
  conformance::Options options;
  options.library = JUNCTOR_BINARY_DIR "/lib/junctor/connectors/" + name + ".so";
  options.fixtures = JUNCTOR_SOURCE_DIR "/plugins/" + name + "/fixtures";
  const std::string mappings = JUNCTOR_SOURCE_DIR "/scripts/mappings/" + name;
  if (isFolder(mappings)) options.mappings = mappings;
  const conformance::Report report = checked(options);
  CHECK(failuresOf(report) == "");
  CHECK(report.count(conformance::Verdict::Pass) >= (kSanitized ? least - 5 : least));
  CHECK(report.connector == name);
}

}  // namespace

TEST_CASE("discord passes every check") {
  mustPass("discord");
}
TEST_CASE("freshdesk passes every check") {
  mustPass("freshdesk");
}
TEST_CASE("generic passes every check") {
  mustPass("generic");
}
TEST_CASE("github passes every check") {
  mustPass("github");
}
TEST_CASE("gitlab passes every check") {
  mustPass("gitlab");
}
TEST_CASE("http passes every check") {
  mustPass("http", 30);  // none of those of webhooks
}
TEST_CASE("hubspot passes every check") {
  mustPass("hubspot");
}
TEST_CASE("intercom passes every check") {
  mustPass("intercom");
}
TEST_CASE("jira passes every check") {
  mustPass("jira");
}
TEST_CASE("linear passes every check") {
  mustPass("linear");
}
TEST_CASE("msgraph passes every check") {
  mustPass("msgraph");
}
TEST_CASE("nats passes every check") {
  mustPass("nats", 30);
}
TEST_CASE("openai passes every check") {
  mustPass("openai");
}
TEST_CASE("pagerduty passes every check") {
  mustPass("pagerduty");
}
TEST_CASE("postgres passes every check") {
  mustPass("postgres", 30);
}
TEST_CASE("redis-streams passes every check") {
  mustPass("redis-streams", 30);
}
TEST_CASE("salesforce passes every check") {
  mustPass("salesforce");
}
TEST_CASE("shopify passes every check") {
  mustPass("shopify");
}
TEST_CASE("slack passes every check") {
  mustPass("slack");
}
TEST_CASE("smtp passes every check") {
  mustPass("smtp", 30);
}
TEST_CASE("standard-webhooks passes every check") {
  mustPass("standard-webhooks");
}
TEST_CASE("stripe passes every check") {
  mustPass("stripe");
}
TEST_CASE("teams passes every check") {
  mustPass("teams");
}
TEST_CASE("twilio passes every check") {
  mustPass("twilio");
}
TEST_CASE("whatsapp-cloud passes every check") {
  mustPass("whatsapp-cloud");
}
TEST_CASE("zendesk passes every check") {
  mustPass("zendesk");
}
TEST_CASE("zoom passes every check") {
  mustPass("zoom");
}

}  // namespace junctor::testing
