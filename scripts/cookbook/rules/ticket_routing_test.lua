local function ticket(data, received_at)
  return { type = "ticket.opened", received_at = received_at or "2026-03-02T03:00:00Z", data = data }
end

return jn.tests {
  { "urgent tickets of important people page somebody", function(t)
      local r = t.route(ticket { priority = "high", tags = { "vip" } })
      t.eq(r.to, { "chat", "pager", "archive" })
    end },
  { "spam goes nowhere", function(t)
      local r = t.route(ticket { priority = "high", requester = { email = "x@spam.example" } })
      t.eq(r.to, jn.array {})
      t.eq(r.reason, "spam sender")
    end },
  { "the desk is asked by day, in the requester's order", function(t)
      local r = t.route(ticket({ requester = { email = "a@b.cz" } }, "2026-03-02T09:00:00Z"))
      t.eq(r.to, { "desk", "archive" })
      t.eq(r.targets[1].key, "a@b.cz")
    end },
}
