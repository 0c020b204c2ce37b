-- Chat: questions of people to the agent; never what a bot said, or the agent answers itself.
return jn.route { version = 1, rules = {
  { name = "bots", priority = 100, when = { source = "slack", ["event.bot_id"] = { exists = true } },
    drop = "said by a bot" },
  { name = "edits", priority = 90, when = { source = "slack", ["event.subtype"] = "message_changed" },
    drop = "an edit" },
  { name = "questions", priority = 10, when = { source = "slack", type = "message" },
    where = function(ev)
      local text = ev.event.text or ""
      return text:find("?", 1, true) ~= nil or text:match("^[Hh]elp%f[%W]") ~= nil
    end,
    to = "agent", key = "event.channel" },
} }
