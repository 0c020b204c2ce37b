local function sent(t, id)
  return t.route(t.normalize({ account = { id = id, name = "Acme" } },
                             { source = "generic", type = "account.updated" })).to
end

return jn.tests {
  { "each team gets its accounts", function(t)
      t.eq(sent(t, 7), { "blue-team" })
      t.eq(sent(t, "8"), { "red-team" })
    end },
  { "an account of nobody is dispatched", function(t) t.eq(sent(t, 99), { "dispatch" }) end },
}
