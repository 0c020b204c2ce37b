// The rule path on one webhook: parse, normalize, route over 21 rules, write; sandbox armed.
// Prints the time as a multiple of simdjson's DOM parse of the same bytes in the same run.
//   rule_bench PAYLOAD.json [rounds]
#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "script/rules.h"

namespace {

using junctor::Event;
using junctor::JsonDoc;

constexpr int kEventsPerRound = 20'000;
constexpr double kRatioMax = 8;

// Reads 15 fields, matches a pattern, emits 15 keys.
const char* const kNormalizer = R"lua(
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
const char* const kRoutes = R"lua(
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

template <class F>
double microseconds(F&& work) {
  const int64_t start = junctor::threadCpuNs();
  for (int i = 0; i < kEventsPerRound; ++i) work();
  return static_cast<double>(junctor::threadCpuNs() - start) / 1000 / kEventsPerRound;
}

[[noreturn]] void die(const std::string& why) {
  fmt::print(stderr, "rule_bench: {}\n", why);
  std::exit(1);
}

class RulePath {
 public:
  explicit RulePath(std::string text) : text_(std::move(text)) {
    auto rules = junctor::script::compileRules(
        {{"bench", "push", kNormalizer, "1"}, {"bench", "routes", kRoutes, "1"}});
    if (!rules) die(rules.error().message);
    rules_ = *rules;
    template_.source = "github";
    template_.type = "push";
    template_.integration = "bench";
    template_.tenant = "bench";
    template_.received_at_ms = 1'790'000'000'000;
  }

  void parse() { payload_ = document_.parse(text_).value(); }
  void normalize() {
    event_ = template_;
    const auto ran = runner_->normalize(*rules_, event_, payload_);
    if (ran.error || !ran.value) die(ran.error ? ran.error->message : "not normalized");
  }
  void route() {
    const auto ran = runner_->route(*rules_, event_, payload_);
    if (ran.error) die(ran.error->message);
    if (ran.value.targets.size() < 3) die("routed to fewer than three");
  }
  size_t rules() const { return rules_->routeCount(); }

 private:
  std::string text_;
  junctor::script::RulesetPtr rules_;
  std::unique_ptr<junctor::script::RuleRunner> runner_ = junctor::script::makeRuleRunner();
  JsonDoc document_;
  junctor::JsonView payload_;
  Event template_, event_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) die("usage: rule_bench PAYLOAD.json [rounds]");
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 9;
  auto text = junctor::readFile(argv[1]);
  if (!text) die(text.error().message);

  RulePath path(*text);
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(*text);
  double dom = 1e9, parse = 1e9, normalize = 1e9, whole = 1e9;
  for (int i = 0; i < rounds; ++i) {
    dom = std::min(dom, microseconds([&] {
                     if (parser.parse(padded).error() != simdjson::SUCCESS) die("not JSON");
                   }));
    parse = std::min(parse, microseconds([&] { path.parse(); }));
    normalize = std::min(normalize, microseconds([&] { path.normalize(); }));
    whole = std::min(whole, microseconds([&] {
                       path.parse();
                       path.normalize();
                       path.route();
                     }));
  }
  const double ratio = whole / dom;
  fmt::print("payload {} bytes, {} rules, best of {} rounds\n", text->size(), path.rules(), rounds);
  fmt::print("simdjson DOM parse      {:7.2f} us\n", dom);
  fmt::print("parse (JsonDoc)         {:7.2f} us\n", parse);
  fmt::print("normalize + write       {:7.2f} us\n", normalize);
  fmt::print("route                   {:7.2f} us\n", whole - parse - normalize);
  fmt::print("whole rule path         {:7.2f} us = {:.2f} x DOM parse (at most {})\n", whole, ratio,
             kRatioMax);
  return ratio <= kRatioMax ? 0 : 1;
}
