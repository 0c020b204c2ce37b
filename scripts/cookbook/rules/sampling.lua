-- A tenth of the page views is enough. ctx.rand() is seeded by the event: a replay decides alike.
return jn.route { version = 1, rules = {
  { name = "errors", priority = 10, when = { type = "page.*", ["response.status"] = { ge = 500 } },
    to = "analytics", stop = true },
  { name = "sample", when = { type = "page.*" },
    where = function(_, ctx) return ctx.rand() < 0.1 end, to = "analytics" },
  { name = "rest", when = { type = { not_ = "page.*" } }, to = "analytics" },
} }
