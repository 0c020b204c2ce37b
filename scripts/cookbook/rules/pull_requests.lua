-- Pull requests become reviews: small ones to the bot, big ones to people.
jn.normalize {
  version = 1,
  accepts = "github/pull_request.*",
  emits = "review.*",
  event = function(ev)
    local pr = ev.pull_request
    local lines = (pr.additions or 0) + (pr.deletions or 0)
    return {
      type = "review." .. (ev.action or "updated"),
      id = pr.id,
      resource = { type = "review", id = pr.id },
      title = jn.clip(pr.title, 120),
      author = pr.user.login,
      repository = ev.repository.full_name,
      lines = lines,
      size = lines > 500 and "big" or "small",
      draft = pr.draft or false,
    }
  end,
}

jn.route { version = 1, rules = {
  { name = "drafts", priority = 10, when = { type = "review.*", draft = true }, drop = "a draft" },
  { name = "big", when = { type = "review.{opened,ready_for_review}", lines = { gt = 500 } },
    to = "people" },
  { name = "small", when = { type = "review.*", lines = { le = 500 } }, to = "review-bot" },
} }
