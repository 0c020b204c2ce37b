#include "script_fixture.h"

namespace junctor::script {
namespace {

const char* const kRoutes = R"lua(
return jn.route {
  version = 7,
  fanout  = "all",
  rules = {
    { name = "spam", priority = 100, when = { type = "ticket.*", ["requester.email"] = "*@spam.example" },
      drop = "spam sender", stop = true },
    { name = "vip-urgent", priority = 50,
      when  = { type = "ticket.{opened,updated}", priority = { "urgent", "high" }, tags = { any = { "vip" } } },
      to    = { "slack:#vip-escalations", "pagerduty:support" } },
    { name = "business-hours", priority = 10, when = { type = "ticket.*" },
      where = function(ev, ctx) local h = ctx.local_hour("UTC") return h >= 8 and h < 18 end,
      to    = "slack:#support", key = "requester.email" },
    { name = "archive", priority = 0, when = {}, to = "s3:events" },
  },
  otherwise = "dlq:unrouted",
}
)lua";

std::string routed(const Ruleset& rules, const Event& event, JsonView payload,
                   Trace* trace = nullptr) {
  const auto ran = makeRuleRunner()->route(rules, event, payload, trace);
  if (ran.error) return "error: " + ran.error->rule + ": " + ran.error->message;
  if (ran.value.dropped) return "dropped: " + ran.value.reason;
  if (ran.value.targets.empty()) return ran.value.reason;
  std::string all;
  for (const RouteTarget& target : ran.value.targets) {
    if (!all.empty()) all += ' ';
    all += target.route + ">" + target.destination;
    if (!target.order_key.empty()) all += "[" + target.order_key + "]";
  }
  return all;
}

}  // namespace

TEST_CASE("routes fan out by priority, where and key", "[script]") {
  const auto rules = mustCompile(kRoutes);
  CHECK(rules->routeCount() == 4);
  CHECK(rules->destinations() == std::vector<std::string>{"dlq:unrouted", "pagerduty:support",
                                                          "s3:events", "slack:#support",
                                                          "slack:#vip-escalations"});
  Stage stage("{}",
              R"({"priority":"urgent","tags":["vip"],"requester":{"email":"ann@example.com"}})");
  CHECK(routed(*rules, stage.event, stage.payload) ==
        "vip-urgent>slack:#vip-escalations vip-urgent>pagerduty:support "
        "business-hours>slack:#support[ann@example.com] archive>s3:events");
}

}  // namespace junctor::script
