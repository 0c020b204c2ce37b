return jn.tests {
  { "salesforce -> canonical", function(t)
      local c = t.map("salesforce", "in", { Email = "Ann@X.com", FirstName = "Ann", LastName = "Lee",
        Phone = "777 123 456", Stage__c = "Customer", Account = { AnnualRevenue = "12.5" } })
      t.eq(c.email, "ann@x.com")
      t.eq(c.phone, "+420777123456")
      t.eq(c.stage, "customer")
      t.eq(c.revenue, 12.5)
    end },
  { "canonical -> hubspot", function(t)
      local o = t.map("hubspot", "out", { email = "ann@x.com", first = "Ann", last = "Lee",
        stage = "mql", revenue = 3 })
      t.eq(o.properties.lifecyclestage, "Marketing Qualified")
      t.eq(o.properties.full_name, "Ann Lee")
      t.eq(o.properties.annualrevenue, nil)
    end },
  { "round trip is lossless", function(t)
      t.roundtrip("salesforce", { email = "a@b.cz", first = "A", last = "B",
        phone = "+420777123456", stage = "lead" })
    end },
  { "a contact without an address is refused by both, and says why", function(t)
      local r = t.route { type = "contact.created", data = { first = "Ann" } }
      t.ok(r.targets[1].problem:find("email", 1, true))
    end },
}
