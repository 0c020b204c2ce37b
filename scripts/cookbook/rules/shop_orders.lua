-- Orders of any shop. Money is kept in the smallest unit, so that nothing is rounded.
local STATUS = { new = "open", paid = "open", fulfilled = "shipped", refunded = "cancelled" }
local DECIMALS = { JPY = 0, KWD = 3 }

local function minor_units(amount, currency)
  local whole, part = tostring(amount):match("^(%-?%d+)%.?(%d*)$")
  if not whole then return nil end
  local digits = DECIMALS[currency] or 2
  part = (part .. ("0"):rep(digits)):sub(1, digits)
  return jn.number(whole .. part)
end

return jn.normalize {
  version = 1,
  accepts = { source = "generic", type = "order.*" },
  emits = "order.*",
  event = function(ev, ctx)
    local o = ev.order or ev.data or ev
    local currency = (o.currency or "EUR"):upper()
    local lines = jn.map(o.items or o.line_items, function(item)
      if (item.quantity or 0) == 0 then return nil end
      return { sku = item.sku or item.product.sku, quantity = item.quantity }
    end)
    return {
      id = jn.id(ctx.integration, o.id or o.number),
      resource = { type = "order", id = o.id or o.number },
      status = jn.enum(STATUS, o.status, "open"),
      total = minor_units(o.total or o.amount, currency),
      currency = currency,
      lines = lines or jn.array {},
      customer = { email = jn.email(o.customer.email or o.email), note = o.note or jn.null },
    }
  end,
}
