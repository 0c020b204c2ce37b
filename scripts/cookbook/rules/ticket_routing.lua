-- Patterns first: they are data and matched natively. Lua only where a pattern cannot say it.
return jn.route {
  version = 1,
  fanout = "all",
  rules = {
    { name = "spam", priority = 100, when = { type = "ticket.*",
      ["requester.email"] = "*@spam.example" }, drop = "spam sender" },
    { name = "vip-urgent", priority = 50,
      when = { type = "ticket.{opened,updated}", priority = { "urgent", "high" },
               tags = { any = { "vip" } } },
      to = { "chat", "pager" } },
    { name = "business-hours", priority = 10, when = { type = "ticket.*" },
      where = function(_, ctx)
        local hour = ctx.local_hour("+01:00")
        return hour >= 8 and hour < 18
      end,
      to = "desk", key = "requester.email" }, -- one requester's deliveries stay in order
    { name = "archive", when = {}, to = "archive" },
  },
}
