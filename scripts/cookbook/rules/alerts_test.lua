local function alert(status, severity)
  return { alerts = { { status = status, labels = { alertname = "Disk", instance = "db1",
    severity = severity }, annotations = { summary = "Disk is full" } }, {} } }
end

return jn.tests {
  { "a critical alert pages, and is told", function(t)
      local e = t.normalize(alert("firing", "crit"), { source = "generic" })
      t.eq(e.data.id, "Disk:db1")
      t.eq(e.data.others, 1)
      t.eq(e.data.labels, { alertname = "Disk", instance = "db1" })
      t.eq(t.route(e).to, { "pager", "log", "chat" })
    end },
  { "its end is told, information is logged", function(t)
      t.eq(t.route(t.normalize(alert("resolved", "crit"), { source = "generic" })).to, { "chat" })
      t.eq(t.route(t.normalize(alert("firing", "info"), { source = "generic" })).to, { "log" })
    end },
}
