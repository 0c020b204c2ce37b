local ENV = { source = "generic", type = "order.created", integration = "shop" }

return jn.tests {
  { "money in the smallest unit, to the last digit", function(t)
      t.eq(t.normalize({ order = { id = 1, total = "12.5", currency = "eur" } }, ENV).data.total, 1250)
      t.eq(t.normalize({ order = { id = 1, total = "90071992547409.93" } }, ENV).data.total,
           9007199254740993)
      t.eq(t.normalize({ order = { id = 1, total = 500, currency = "JPY" } }, ENV).data.total, 500)
      t.eq(t.normalize({ order = { id = 1, total = "free" } }, ENV).data.total, nil)
    end },
  { "lines without a quantity are left out; no lines are an empty list", function(t)
      local e = t.normalize({ id = 2, line_items = { { sku = "A", quantity = 2 },
        { sku = "B", quantity = 0 }, { product = { sku = "C" }, quantity = 1 } } }, ENV)
      t.eq(e.data.lines, { { sku = "A", quantity = 2 }, { sku = "C", quantity = 1 } })
      t.eq(t.normalize({ id = 3 }, ENV).data.lines, jn.array {})
      t.eq(t.normalize({ id = 3 }, ENV).data.customer, { note = jn.null })
    end },
}
