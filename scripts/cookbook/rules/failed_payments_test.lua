local function failed(amount)
  return { source = "stripe", type = "invoice.payment_failed",
           payload = { data = { object = { customer = "cus_1", amount_due = amount } } } }
end

return jn.tests {
  { "a large sum reaches finance and the agent, in the customer's order", function(t)
      local r = t.route(failed(250000))
      t.eq(r.to, { "finance", "dunning-agent" })
      t.eq(r.targets[1].key, "cus_1")
    end },
  { "a small one the agent alone", function(t) t.eq(t.route(failed(900)).to, { "dunning-agent" }) end },
  { "what was paid is booked, all else is kept", function(t)
      t.eq(t.route({ source = "stripe", type = "invoice.paid", payload = {} }).to, { "ledger" })
      t.eq(t.route({ source = "stripe", type = "customer.created", payload = {} }).to, { "archive" })
    end },
}
