-- A new ticket is understood three ways at once, and what came of it is written back to the
-- helpdesk. A service that is down costs its own part, not the others'.
local PRIORITY = { furious = "urgent", angry = "high", neutral = "normal", happy = "low" }

local function ask(f, system, text)
  local said = f.llm("openai", { model = "gpt-4o-mini", system = system, prompt = text, json = true },
    { optional = true, tries = 3, cache = "1h" })
  return said.json or {}
end

return jn.flow {
  name = "ticket-triage", version = 1,
  when = { source = "zendesk", type = "ticket.created" },
  key = "data.id",                              -- two flows of one ticket run one after the other
  retry = { "0s", "5s", "1m", "10m", "1h" },
  run = function(event, f)
    local ticket = event.data
    local text = jn.clip((ticket.subject or "") .. "\n" .. (ticket.description or ""), 4000)
    local found = jn.all {
      class = function()
        return ask(f, 'Classify the ticket. Answer {"topic": billing, bug, question or other}.', text)
      end,
      mood = function()
        return ask(f, 'How does the customer feel? Answer {"mood": furious, angry, neutral or happy}.', text)
      end,
      team = function()
        return f.call("routing", { id = ticket.id, text = text },
          { optional = true, tries = 2, timeout = "10s" }) or {}
      end,
    }
    local tags = jn.array {}
    for name, value in jn.sorted { topic = found.class.topic, mood = found.mood.mood,
                                   team = found.team.name } do
      tags[#tags + 1] = name .. "_" .. jn.lower(value)
    end
    if #tags == 0 then return { tags = tags } end
    f.act("zendesk", "update_ticket", { id = jn.number(ticket.id), tags = tags,
      priority = PRIORITY[found.mood.mood], group_id = found.team.group_id })
    return { tags = tags, priority = PRIORITY[found.mood.mood] }
  end,
}
