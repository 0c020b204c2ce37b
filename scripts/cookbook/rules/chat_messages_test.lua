local function said(event)
  return { source = "slack", type = "message", payload = { event = event } }
end

return jn.tests {
  { "questions are asked, in the order of their channel", function(t)
      local r = t.route(said { text = "where is my parcel?", channel = "C1" })
      t.eq(r.to, { "agent" })
      t.eq(r.targets[1].key, "C1")
      t.eq(t.route(said { text = "help me" }).to, { "agent" })
    end },
  { "small talk, bots and edits are not", function(t)
      t.eq(t.route(said { text = "helpful, thanks" }).reason, "no route matched")
      t.eq(t.route(said { text = "really?", bot_id = "B1" }).reason, "said by a bot")
      t.eq(t.route(said { text = "really?", subtype = "message_changed" }).reason, "an edit")
    end },
}
