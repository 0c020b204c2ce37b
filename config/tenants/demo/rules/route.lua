-- Where events go. `when` is data and matched natively; Lua runs only for `where`. Rules are tried by
-- falling priority.
return jn.route {
  version = 1,
  fanout = "all", -- every matching rule counts, not only the first
  rules = {
    -- Dropped before anything else looks at it.
    { name = "bots", priority = 100,
      when = { source = "github", ["sender.type"] = "Bot" },
      drop = "made by a bot", stop = true },

    -- Fan-out: both destinations get a delivery of their own, with their own retries.
    { name = "code", priority = 50,
      when = { source = "github", type = { "push", "pull_request.*", "issues.*" } },
      to = { "agent", "archive" } },
    { name = "repository", priority = 10,
      when = { source = "github", type = { not_ = { "push", "pull_request.*", "issues.*" } } },
      to = "archive" },

    { name = "money", priority = 50, when = { source = "stripe" }, to = "agent" },
    { name = "failed-payments", priority = 40,
      when = { source = "stripe", type = "*.payment_failed" },
      to = "archive" },

    { name = "chat", priority = 20,
      when = { source = "slack" },
      where = function(ev) return ev.event.bot_id == nil end, -- not our own echo
      to = "agent" },

    -- `key`: deliveries of one requester keep their order, others never wait for them.
    { name = "tickets", priority = 20,
      when = { type = "ticket.*" },
      to = "agent", key = "requester.email" },
    { name = "orders", priority = 20,
      when = { type = "order.*" },
      to = { "agent", "archive" }, key = "id" },

    { name = "standard", priority = 10,
      when = { source = "standard-webhooks" },
      to = "agent" },
  },
  otherwise = "unrouted", -- a log line, so that nothing disappears without a word
}
