local event = { source = "zendesk", type = "ticket.created",
  data = { id = "35436", subject = "Refund!", description = "I was charged twice." } }

-- The model says so much about the topic and the mood.
local function model(topic, mood)
  return function(step)
    if step.body.system:find("Classify", 1, true) then return { json = { topic = topic } } end
    return mood and { json = { mood = mood } }, not mood and "the model is down" or nil
  end
end

return jn.tests {
  { "tags, priority and team are written back", function(t)
      local r = t.flow("ticket-triage", event, { llm = model("billing", "angry"),
        ["call routing"] = { name = "Payments", group_id = 7 }, act = {} })
      t.eq(r.steps[4].to, "zendesk/update_ticket")
      t.eq(r.steps[4].body, { id = 35436, priority = "high", group_id = 7,
        tags = { "mood_angry", "team_payments", "topic_billing" } })
    end },
  { "one service down: the others carry on", function(t)
      local r = t.flow("ticket-triage", event, { llm = model("billing"), ["call routing"] = false,
        act = {} })
      t.eq(r.steps[4].body, { id = 35436, tags = { "topic_billing" } })
      t.eq(r.result, { tags = { "topic_billing" } })
    end },
  { "a ticket without words is understood as well as it can be", function(t)
      local r = t.flow("ticket-triage", { data = { id = "1" } }, { llm = model("other", "neutral"),
        call = false, act = {} })
      t.eq(r.steps[4].body, { id = 1, priority = "normal", tags = { "mood_neutral", "topic_other" } })
    end },
  { "all down: nothing is written", function(t)
      local r = t.flow("ticket-triage", event, { llm = false, call = false })
      t.eq(r.result, { tags = jn.array {} })
      t.eq(#r.steps, 3)
    end },
  { "the helpdesk refuses: a dead letter that can be replayed", function(t)
      local r = t.flow("ticket-triage", event, { llm = model("bug", "happy"), call = false,
        act = function() return nil, "no such ticket" end })
      t.ok(r.dead:find("no such ticket", 1, true))
    end },
  { "it is for new tickets alone", function(t)
      t.eq(t.route(event).to, { "flow:ticket-triage" })
      t.eq(t.route { source = "zendesk", type = "ticket.updated" }.to, jn.array {})
    end },
}
