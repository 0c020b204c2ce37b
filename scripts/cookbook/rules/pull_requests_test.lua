local function opened(pr)
  pr.id, pr.title, pr.user = 77, "Mend the fence", { login = "ann" }
  return { action = "opened", pull_request = pr, repository = { full_name = "acme/fence" } }
end

return jn.tests {
  { "a big change goes to people", function(t)
      local e = t.normalize(opened { additions = 600, deletions = 1 },
                            { source = "github", type = "pull_request.opened" })
      t.eq(e.data.size, "big")
      t.eq(e.resource, { type = "review", id = "77" })
      t.eq(t.route(e).to, { "people" })
    end },
  { "a small one to the bot, a draft nowhere", function(t)
      local env = { source = "github", type = "pull_request.opened" }
      t.eq(t.route(t.normalize(opened { additions = 3 }, env)).to, { "review-bot" })
      t.eq(t.route(t.normalize(opened { draft = true }, env)).reason, "a draft")
    end },
}
