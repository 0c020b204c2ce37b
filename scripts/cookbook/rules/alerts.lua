-- Alerts of monitoring systems: one severity, grouped by what they are about.
local SEVERITY = { page = "critical", crit = "critical", warn = "warning", warning = "warning",
                   info = "info", ok = "info" }

jn.normalize {
  version = 1,
  accepts = { source = "generic", has = { "alerts|alert" } },
  emits = "alert.*",
  event = function(ev)
    local alert = ev.alert or ev.alerts[1]
    local labels = alert.labels
    return {
      type = alert.status == "resolved" and "alert.resolved" or "alert.firing",
      id = jn.id(labels.alertname or alert.name, labels.instance or alert.host),
      severity = jn.enum(SEVERITY, labels.severity or alert.level, "warning"),
      summary = jn.clip(alert.annotations.summary or alert.message, 200),
      labels = jn.pick(labels, "alertname", "instance", "job"),
      others = ev.alerts and #ev.alerts - 1 or 0,
    }
  end,
}

jn.route { version = 1, rules = {
  { name = "page", when = { type = "alert.firing", severity = "critical" }, to = { "pager", "log" },
    key = "data.id" },
  { name = "tell", when = { type = "alert.*", severity = { not_ = "info" } }, to = "chat",
    key = "data.id" },
}, otherwise = "log" }
