-- Contacts go to two systems, each in its own words. One table, both directions.
local stage = jn.bimap { lead = "Lead", mql = "Marketing Qualified", customer = "Customer" }

local function two_way(remote, time)
  return {
    email = { remote.email, using = jn.lower, key = true, required = true },
    first = { remote.first, max = 40 },
    last = { remote.last, max = 80, default = "(unknown)" },
    phone = { remote.phone, using = jn.e164("CZ") },
    stage = { remote.stage, using = stage, owner = "remote" },
    revenue = { remote.revenue, using = jn.number, dir = "in" },
    updated = { remote.updated, using = time, dir = "in" },
  }
end

jn.map {
  version = 1, entity = "contact",
  salesforce = { object = "Contact", fields = two_way({ email = "Email", first = "FirstName",
    last = "LastName", phone = "Phone", stage = "Stage__c", revenue = "Account.AnnualRevenue",
    updated = "LastModifiedDate" }, jn.iso8601) },
  hubspot = { object = "contacts", fields = two_way({ email = "properties.email",
    first = "properties.firstname", last = "properties.lastname", phone = "properties.phone",
    stage = "properties.lifecyclestage", revenue = "properties.annualrevenue",
    updated = "properties.lastmodifieddate" }, jn.unix_ms) },
  after_out = function(out, contact)
    if out.properties and contact.first and contact.last then
      out.properties.full_name = contact.first .. " " .. contact.last
    end
  end,
}

return jn.route { rules = {
  { name = "contacts", when = "*/contact.*",
    to = { { "salesforce", map = "salesforce/contact" }, { "hubspot", map = "hubspot/contact" } } },
} }
