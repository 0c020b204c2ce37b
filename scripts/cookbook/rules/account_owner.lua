-- Who looks after an account stands in tables/accounts.json, not in code.
jn.normalize {
  version = 1,
  accepts = { source = "generic", type = "account.*" },
  event = function(ev)
    local owner = jn.lookup("accounts", ev.account.id)
    return { id = ev.account.id, name = ev.account.name,
             team = owner.team or "nobody", region = owner.region }
  end,
}

jn.route { version = 1, rules = {
  { name = "blue", when = { type = "account.*", team = "blue" }, to = "blue-team" },
  { name = "red", when = { type = "account.*", team = "red" }, to = "red-team" },
}, otherwise = "dispatch" }
