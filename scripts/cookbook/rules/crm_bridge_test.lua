return jn.tests {
  { "a contact crosses", function(t)
      local e = t.normalize({ Id = "003xx", Email = "Ann@X.com", FirstName = "Ann", LastName = "Lee" },
                            { source = "salesforce", type = "contact.updated" })
      t.eq(e.data.email, "ann@x.com")
      local r = t.route(e)
      t.eq(r.targets[1].mapping, "hubspot/contact")
      t.eq(r.targets[1].body.properties.email, "ann@x.com")
      t.eq(r.targets[1].body.properties.lastname, "Lee")
      t.eq(r.targets[1].key, "003xx")
    end },
}
