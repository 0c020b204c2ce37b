#pragma once
// The rules that benches run on a push.
namespace junctor::bench {

// Reads 15 fields, matches a pattern, emits 15 keys.
inline const char* const kNormalizer = R"lua(
return jn.normalize {
  version = 1,
  accepts = { source = "github", type = "push" },
  emits = "push.*",
  event = function(ev, ctx)
    local repo, sender = ev.repository, ev.sender
    return {
      type = "push." .. (ev.deleted and "deleted" or ev.created and "created" or "updated"),
      id = jn.id(ctx.source, repo.id, ev.after),
      at = repo.pushed_at,
      actor = { login = sender.login, id = sender.id },
      branch = (ev.ref or ""):match("^refs/%a+/(.+)$"),
      after = ev.after,
      forced = ev.forced,
      commits = #ev.commits,
      repository = { id = repo.id, name = repo.full_name, private = repo.private,
                     language = jn.lower(repo.language or "none") },
      pusher = jn.email(ev.pusher.email),
    }
  end,
}
)lua";

// 21 rules; a push passes by type and pattern rules, meets two `where` and lands in three places.
inline const char* const kRoutes = R"lua(
local QUIET = { none = true, unknown = true }
local rules = {
  { name = "bots", priority = 100, drop = "bot",
    when = { type = "push.*", ["sender.login"] = "*[bot]" } },
  { name = "protected", priority = 90, when = { type = "push.*", branch = { "main", "release/*" },
    forced = true }, to = "security" },
  { name = "deleted", priority = 80, when = { type = "push.deleted" }, to = "audit" },
  { name = "late", priority = 70, when = { type = "push.*" }, to = "oncall",
    where = function(ev, ctx) return ctx.local_hour("UTC") >= 20 and ev.forced end },
  { name = "docs", priority = 60, to = "docs",
    when = { type = "push.*", ["repository.name"] = "*/docs" } },
  { name = "big", priority = 50, when = { type = "push.*", commits = { gt = 50 } }, to = "review" },
  { name = "tags", priority = 40, when = { type = "push.*", ref = "refs/tags/*" }, to = "release" },
  { name = "public", priority = 30, when = { type = "push.*", ["repository.private"] = false },
    where = function(ev) return not QUIET[ev.data.repository.language] end, to = "mirror" },
  { name = "archive", when = {}, to = "archive" },
}
for i = 1, 12 do
  rules[#rules + 1] = { name = "ticket-" .. i, to = "desk-" .. i,
                        when = { type = "ticket.kind" .. i, priority = "high" } }
end
return jn.route { version = 1, rules = rules, otherwise = "unrouted" }
)lua";

// One rule and a mapping of its result.
inline const char* const kMapping = R"lua(
jn.map { version = 1, entity = "ticket", desk = { object = "change", fields = {
  branch = "fields.branch", after = "fields.sha", forced = "fields.forced",
  ["repository.name"] = { "fields.repository", max = 100 },
  ["repository.language"] = { "fields.language", using = jn.lower },
  pusher = { "requester.email", using = jn.email }, commits = "fields.count",
} } }
jn.route { version = 1, rules = {
  { name = "desk", when = { type = "push.*", branch = { not_ = "tmp/*" } },
    to = { { "desk", map = "desk/ticket" } } },
  { name = "archive", when = {}, to = "archive" } } }
)lua";

}  // namespace junctor::bench
