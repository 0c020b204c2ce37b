-- Money: what failed goes to a person above a sum, to an agent below it. `data` alone would be the
-- canonical object; the provider's own is under `payload`. Shorthand patterns.
return jn.route { version = 1, rules = {
  { name = "large", priority = 20, when = { source = "stripe", type = "invoice.payment_failed",
    ["payload.data.object.amount_due"] = { ge = 100000 } }, to = "finance", key = "payload.data.object.customer" },
  { name = "small", priority = 10, when = "stripe/invoice.payment_failed", to = "dunning-agent",
    key = "payload.data.object.customer", stop = true },
  { name = "books", when = "stripe/{invoice,charge,payout}.*", to = "ledger" },
}, otherwise = "archive" }
