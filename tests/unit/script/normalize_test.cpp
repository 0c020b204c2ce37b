#include "script_fixture.h"

namespace junctor::script {
namespace {

const char* const kHelpdesk = R"lua(
local PRIORITY = { p1="urgent", p2="high", p3="normal", p4="low", critical="urgent", major="high" }
local STATUS   = { new="open", reopened="open", pending="waiting", on_hold="waiting", resolved="solved" }
return jn.normalize {
  version = 3,
  accepts = { source = "generic*", has = { "ticket|issue|case" } },
  emits   = "ticket.*",
  event = function(ev, ctx)
    local t = ev.ticket or ev.issue or ev.case
    local action = (ev.action or ev.event or "updated"):match("(%a+)$")
    return {
      type     = "ticket." .. action,
      id       = jn.id(ctx.source, t.id or t.key),
      at       = jn.time(ev.created_at or t.updated_at, ctx.received_at),
      subject  = jn.clip(t.subject or t.title or t.summary, 255),
      status   = jn.enum(STATUS, t.status or t.state.name, "open"),
      priority = jn.enum(PRIORITY, t.priority or t.severity.name, "normal"),
      requester = { email = jn.email(t.requester.email or t.reporter.emailAddress),
                    name  = t.requester.name or t.reporter.displayName },
      tags     = jn.map(t.tags or t.labels, string.lower),
      url      = t.url or t.html_url,
    }
  end,
}
)lua";

}  // namespace

TEST_CASE("a helpdesk payload of unknown shape becomes a ticket", "[script]") {
  const auto rules = mustCompile(kHelpdesk);
  Stage stage(R"({"action":"ticket_opened","created_at":"2026-11-21T10:00:00+02:00",
    "ticket":{"id":9007199254740993,"title":"Printer on fire","state":{"name":"new"},
    "severity":{"name":"Critical"},"reporter":{"emailAddress":"Ann <ANN@Example.com>"},
    "labels":["VIP","Hardware"]}})");
  const auto ran = makeRuleRunner()->normalize(*rules, stage.event, stage.payload);
  REQUIRE_FALSE(ran.error);
  CHECK(ran.value);
  CHECK(stage.event.type == "ticket.opened");
  CHECK(stage.event.occurred_at_ms == 1'795'248'000'000);
  CHECK(stage.event.resource.type == "ticket");
  CHECK(stage.event.resource.id == "generic:9007199254740993");
  CHECK(
      stage.event.data_json ==
      R"({"id":"generic:9007199254740993","priority":"urgent","requester":{"email":"ann@example.com"},)"
      R"("status":"open","subject":"Printer on fire","tags":["vip","hardware"]})");
}

}  // namespace junctor::script
