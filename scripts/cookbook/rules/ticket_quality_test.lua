local event = { source = "zendesk", type = "ticket.status_changed",
  data = { id = "7", status = "Solved", subject = "Refund", description = "Charged twice." } }

local function scored(t, json, more)
  local answers = { llm = { json = json, text = "hm" }, act = {} }
  for name, answer in pairs(more or {}) do answers[name] = answer end
  return t.flow("ticket-quality", event, answers)
end

return jn.tests {
  { "the score becomes a note for agents", function(t)
      local r = scored(t, { score = 91.5, why = "Quick and kind" })
      t.eq(r.steps[3].body, { id = 7, public = false, body = "Quality 91 of 100: Quick and kind" })
      t.eq(r.result, { score = 91.5 })
      t.eq(#r.steps, 3)
    end },
  { "a low score is an event of its own", function(t)
      local r = scored(t, { score = "20" })
      t.eq(r.steps[4].body.data, { id = "7", score = 20 })
    end },
  { "a reopened ticket is not scored", function(t)
      t.eq(scored(t, {}, { wait = { id = "evt_1" } }).result, { reopened = true })
    end },
  { "an answer without a score changes nothing", function(t)
      t.eq(scored(t, { note = "?" }).result, { unclear = "hm" })
    end },
}
