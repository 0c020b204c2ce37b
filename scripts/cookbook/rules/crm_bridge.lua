-- One CRM's contacts into another, through the canonical contact and the shipped mappings.
jn.normalize {
  version = 1,
  accepts = { source = "salesforce", type = "contact.*" },
  event = function(ev)
    local contact, issues = jn.from_external("salesforce/contact", ev)
    for _, issue in ipairs(issues) do jn.log(issue.kind, issue.path, issue.detail) end
    return contact
  end,
}

jn.route { version = 1, rules = {
  { name = "bridge", when = "salesforce/contact.*", to = { { "hubspot", map = "hubspot/contact" } },
    key = "data.id" },
} }
