local function data(t, payload)
  return t.normalize(payload, { source = "generic", type = "survey.answered" }).data
end

return jn.tests {
  { "the same person has the same pseudonym, whatever the spelling", function(t)
      local a = data(t, { id = 1, email = "Ann@X.com", locale = "cs_CZ" })
      local b = data(t, { id = 2, email = " ann@x.com ", locale = "cs_CZ" })
      t.eq(a.user, b.user)
      t.ok(not a.user:find("ann", 1, true))
      t.eq(a.country, "CZ")
    end },
  { "addresses in free text are taken out", function(t)
      local d = data(t, { id = 1, comment = "write to ann@x.com please", score = "9", locale = "en" })
      t.eq(d.comment, "write to (address) please")
      t.eq(d.score, 9)
      t.eq(d.country, "unknown")
    end },
}
