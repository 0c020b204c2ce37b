-- A message to the bot gets the model's answer in its own thread. What bots say is left alone, or
-- two of them would talk for ever.
return jn.flow {
  name = "chat-reply", version = 1,
  when = { source = "slack", type = { "message", "app_mention" }, ["event.bot_id"] = { exists = false },
           ["event.subtype"] = { exists = false } },
  key = "event.channel",                        -- answers of a channel come in the order of its questions
  retry = { "0s", "2s", "10s", "1m" },
  run = function(event, f)
    local message = event.event
    local thread = jn.first(message.thread_ts, message.ts)
    local place = "chat:" .. jn.id(message.channel, thread)
    local said = f.get(place) or jn.array {}    -- what was said before in this thread
    said[#said + 1] = { role = "user", content = jn.clip(message.text, 4000) }
    local answer = f.llm("openai", { model = "gpt-4o-mini", messages = said }, { optional = true, tries = 3 })
    f.act("slack", "reply_in_thread", { channel = message.channel, thread = thread,
      text = answer.text or "I cannot think right now. A person will look at this." })
    if not answer then return { answered = false } end
    said[#said + 1] = { role = "assistant", content = answer.text }
    while #said > 20 do table.remove(said, 1) end
    f.set(place, said)
    return { answered = true }
  end,
}
