-- A ticket that stays resolved for an hour is scored; a reopened one is not.
return jn.flow {
  name = "ticket-quality", version = 1,
  when = { source = "zendesk", type = "ticket.status_changed", ["data.status"] = { "Solved", "solved" } },
  key = "data.id",
  run = function(event, f)
    local ticket = event.data
    local again = f.wait({ type = "ticket.status_changed", source = "zendesk",
      where = { ["data.id"] = ticket.id, ["data.status"] = "Open" } }, { timeout = "1h" })
    if again then return { reopened = true } end
    local said = f.llm("openai", { model = "gpt-4o-mini", json = true,
      system = 'How good was the support, 0 to 100? Answer {"score": n, "why": text}.',
      prompt = (ticket.subject or "") .. "\n" .. (ticket.description or "") })
    local score = jn.number(said.json.score)
    if not score then return { unclear = said.text } end
    f.act("zendesk", "comment_ticket", { id = jn.number(ticket.id), public = false,
      body = ("Quality %d of 100: %s"):format(score // 1, jn.first(said.json.why, "no reason given")) })
    if score < 50 then
      f.emit { type = "ticket.quality.low", resource = { type = "ticket", id = ticket.id },
        data = { id = ticket.id, score = score } }
    end
    return { score = score }
  end,
}
