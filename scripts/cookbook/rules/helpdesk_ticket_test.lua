return jn.tests {
  { "one helpdesk", function(t)
      local e = t.normalize({ action = "ticket_opened", ticket = { id = 9007199254740993,
        subject = "Help", priority = "P1", requester = { email = "Ann <ANN@x.com>" },
        tags = { "VIP", "Beta" } } }, { source = "generic", integration = "desk" })
      t.eq(e.type, "ticket.opened")
      t.eq(e.data.id, "desk:9007199254740993")
      t.eq(e.data.priority, "urgent")
      t.eq(e.data.requester, { email = "ann@x.com" })
      t.eq(e.data.tags, { "vip", "beta" })
    end },
  { "another, with other names", function(t)
      local e = t.normalize({ event = "updated", issue = { key = "A-1", summary = "Down",
        state = { name = "on_hold" }, severity = { name = "major" },
        reporter = { displayName = "Lee" } } }, { source = "generic", integration = "desk" })
      t.eq(e.data.status, "pending")
      t.eq(e.data.priority, "high")
      t.eq(e.data.requester.name, "Lee")
    end },
  { "a payload without a ticket is left alone", function(t)
      local _, done = t.normalize({ order = { id = 1 } }, { source = "generic" })
      t.ok(not done)
    end },
}
