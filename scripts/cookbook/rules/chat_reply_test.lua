local function message(text, more)
  local event = { channel = "C1", ts = "17.5", text = text }
  for name, value in pairs(more or {}) do event[name] = value end
  return { source = "slack", type = "message", payload = { event = event } }
end

return jn.tests {
  { "the answer goes to the thread it came from, and is remembered", function(t)
      local r = t.flow("chat-reply", message("How are you?"), { llm = { text = "Fine." }, act = {} })
      t.eq(r.steps[3].body, { channel = "C1", thread = "17.5", text = "Fine." })
      t.eq(r.steps[4].to, "chat:C1:17.5")
      t.eq(r.steps[4].body, { { role = "user", content = "How are you?" },
                              { role = "assistant", content = "Fine." } })
    end },
  { "what was said before is told to the model, up to a point", function(t)
      local before = jn.array {}
      for i = 1, 20 do before[i] = { role = "user", content = "line " .. i } end
      local r = t.flow("chat-reply", message("And now?", { thread_ts = "9.1" }),
        { get = before, llm = { text = "Later." }, act = {} })
      t.eq(#r.steps[2].body.messages, 21)
      t.eq(r.steps[3].body.thread, "9.1")
      t.eq(#r.steps[4].body, 20)
    end },
  { "without the model a person is asked for", function(t)
      local r = t.flow("chat-reply", message("Help"), { llm = false, act = {} })
      t.ok(r.steps[3].body.text:find("A person will look", 1, true))
      t.eq(r.result, { answered = false })
    end },
  { "bots are not answered", function(t)
      t.eq(t.route(message("beep", { bot_id = "B1" })).to, jn.array {})
      t.eq(t.route(message("hello")).to, { "flow:chat-reply" })
    end },
}
