-- Unknown shop -> canonical "order" event. Shops name the same things differently, so each field is
-- taken from the first place that has it; what is absent is nil at any depth.
-- (Helpdesks need no script: the generic connector knows their tickets already.)
local STATUS = { new = "open", paid = "open", fulfilled = "shipped", refunded = "cancelled" }

return jn.normalize {
  version = 1,
  accepts = { source = "generic", type = "order.*" },
  emits = "order.*",
  event = function(ev, ctx)
    local o = ev.order or ev.data or ev
    local id = o.id or o.number or o.order_id
    return {
      id = jn.id(ctx.integration, id),
      resource = { type = "order", id = id },
      at = jn.time(ev.occurred_at or o.updated_at, ctx.received_at),
      status = jn.enum(STATUS, o.status or ev.event_type:match("(%a+)$"), "open"),
      total = jn.number(o.total or o.amount),
      carrier = jn.clip(o.carrier or o.shipping.carrier, 80),
      customer = {
        email = jn.email(o.customer.email or o.email),
        name = jn.clip(o.customer.name or o.billing.name, 255),
      },
    }
  end,
}
