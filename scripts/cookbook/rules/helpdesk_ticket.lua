-- An unknown helpdesk's webhook becomes a canonical ticket. Helpdesks name the same things
-- differently; reading what is absent gives nil at any depth.
local PRIORITY = { p1 = "urgent", p2 = "high", p3 = "normal", p4 = "low", critical = "urgent",
                   major = "high" }
local STATUS = { new = "open", reopened = "open", on_hold = "pending", resolved = "solved" }

return jn.normalize {
  version = 1,
  accepts = { source = "generic", has = { "ticket|issue|case" } },
  emits = "ticket.*",
  event = function(ev, ctx)
    local t = ev.ticket or ev.issue or ev.case
    local action = (ev.action or ev.event or "updated"):match("(%a+)$")
    return {
      type = "ticket." .. action,
      id = jn.id(ctx.integration, t.id or t.key),
      at = jn.time(ev.created_at or t.updated_at, ctx.received_at),
      subject = jn.clip(t.subject or t.title or t.summary, 255),
      status = jn.enum(STATUS, t.status or t.state.name, "open"),
      priority = jn.enum(PRIORITY, t.priority or t.severity.name, "normal"),
      requester = { email = jn.email(t.requester.email or t.reporter.emailAddress),
                    name = t.requester.name or t.reporter.displayName },
      tags = jn.map(t.tags or t.labels, string.lower),
      url = t.url or t.html_url,
    }
  end,
}
