return jn.tests {
  { "every error counts, and what is no page view", function(t)
      t.eq(t.route({ type = "page.viewed", data = { response = { status = 503 } } }).to, { "analytics" })
      t.eq(t.route({ type = "sale.made", data = {} }).to, { "analytics" })
    end },
  { "the same event is decided alike", function(t)
      local event = { type = "page.viewed", data = { response = { status = 200 } } }
      t.eq(t.route(event), t.route(event))
    end },
}
