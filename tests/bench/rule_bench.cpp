// The rule path on one webhook: parse, normalize, route over 21 rules, write; sandbox armed. Prints
// the time as a multiple of simdjson's DOM parse of the same bytes in the same run. Then the
// memory of a thousand tenants and the time of a publish.
//   rule_bench PAYLOAD.json [rounds]
#include <fmt/core.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "push_rules.h"
#include "script/rules.h"

namespace {

using junctor::Event;
using junctor::JsonDoc;
using junctor::bench::kMapping;
using junctor::bench::kNormalizer;
using junctor::bench::kRoutes;

constexpr int kEventsPerRound = 20'000;
constexpr double kOneRuleMax = 5;
constexpr double kMappedMax = 8;
constexpr double kTenantsMiBMax = 60;
constexpr double kPublishMsMax = 200;

template <int kTimes = kEventsPerRound, class F>
double microseconds(F&& work) {
  const int64_t start = junctor::threadCpuNs();
  for (int i = 0; i < kTimes; ++i) work();
  return static_cast<double>(junctor::threadCpuNs() - start) / 1000 / kTimes;
}

[[noreturn]] void die(const std::string& why) {
  fmt::print(stderr, "rule_bench: {}\n", why);
  std::exit(1);
}

class RulePath {
 public:
  RulePath(std::string text, const char* routes) : text_(std::move(text)) {
    auto rules = junctor::script::compileRules(
        {{"bench", "push", kNormalizer, "1"}, {"bench", "routes", routes, "1"}});
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
    if (ran.value.targets.size() < 2) die("routed to fewer than two");
    for (const auto& target : ran.value.targets) {
      if (!target.problem.empty()) die(target.problem);
      mapped_ = mapped_ || !target.body_json.empty();
    }
  }
  size_t rules() const { return rules_->routeCount(); }
  bool mapped() const { return mapped_; }

 private:
  std::string text_;
  junctor::script::RulesetPtr rules_;
  std::unique_ptr<junctor::script::RuleRunner> runner_ = junctor::script::makeRuleRunner();
  JsonDoc document_;
  junctor::JsonView payload_;
  Event template_, event_;
  bool mapped_ = false;
};

double residentMiB() {
  const auto statm = junctor::readFile("/proc/self/statm");
  if (!statm) die("no /proc/self/statm");
  return std::stod(statm->substr(statm->find(' '))) * static_cast<double>(sysconf(_SC_PAGESIZE)) /
         (1024 * 1024);
}

// A thousand tenants with three scripts each, all of them run once on one thread.
double tenantsMiB(const std::string& payload) {
  const double before = residentMiB();
  junctor::JsonDoc document;
  const auto view = document.parse(payload).value();
  const auto runner = junctor::script::makeRuleRunner();
  std::vector<junctor::script::RulesetPtr> tenants;
  for (int i = 0; i < 1000; ++i) {
    auto rules = junctor::script::compileRules({{"t", "push", kNormalizer, "1"},
                                                {"t", "routes", kRoutes, "1"},
                                                {"t", "tickets", kMapping, "1"}});
    if (!rules) die(rules.error().message);
    tenants.push_back(*rules);
    Event event;
    event.source = "github";
    event.type = "push";
    if (runner->normalize(**rules, event, view).error) die("a tenant's rule fails");
    if (runner->route(**rules, event, view).error) die("a tenant's route fails");
  }
  return residentMiB() - before;
}

// 64 KB of rules, compiled and checked.
double publishMs() {
  std::string source = "return jn.route { version = 1, rules = {\n";
  for (int i = 0; source.size() < 63 * 1024; ++i) {
    source += fmt::format(
        "  {{ name = \"r{0}\", priority = {0}, when = {{ type = \"t{0}.*\", p = "
        "{0} }}, where = function(ev) return ev.n == {0} end, to = \"d\" }},\n",
        i);
  }
  source += "} }";
  const double us = microseconds<5>([&] {
    if (auto rules = junctor::script::compileRules({{"t", "big", source, "1"}}); !rules) {
      die(rules.error().message);
    }
  });
  return us / 1000;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) die("usage: rule_bench PAYLOAD.json [rounds]");
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 9;
  auto text = junctor::readFile(argv[1]);
  if (!text) die(text.error().message);

  RulePath path(*text, kRoutes);
  RulePath mapped(*text, kMapping);
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(*text);
  double dom = 1e9, parse = 1e9, one = 1e9, routed = 1e9, whole = 1e9;
  for (int i = 0; i < rounds; ++i) {
    dom = std::min(dom, microseconds([&] {
                     if (parser.parse(padded).error() != simdjson::SUCCESS) die("not JSON");
                   }));
    parse = std::min(parse, microseconds([&] { path.parse(); }));
    one = std::min(one, microseconds([&] {
                     path.parse();
                     path.normalize();
                   }));
    routed = std::min(routed, microseconds([&] {
                        path.parse();
                        path.normalize();
                        path.route();
                      }));
    whole = std::min(whole, microseconds([&] {
                       mapped.parse();
                       mapped.normalize();
                       mapped.route();
                     }));
  }
  if (!mapped.mapped()) die("nothing was mapped");
  const double tenants = tenantsMiB(*text);
  const double publish = publishMs();
  fmt::print("payload {} bytes, best of {} rounds\n", text->size(), rounds);
  fmt::print("simdjson DOM parse               {:7.2f} us\n", dom);
  fmt::print("parse (JsonDoc)                  {:7.2f} us = {:.2f} x\n", parse, parse / dom);
  fmt::print("parse, normalize                 {:7.2f} us = {:.2f} x (at most {})\n", one,
             one / dom, kOneRuleMax);
  fmt::print("parse, normalize, {} routes      {:7.2f} us = {:.2f} x\n", path.rules(), routed,
             routed / dom);
  fmt::print("parse, normalize, route, map     {:7.2f} us = {:.2f} x (at most {})\n", whole,
             whole / dom, kMappedMax);
  fmt::print("1000 tenants x 3 scripts         {:7.1f} MiB (at most {})\n", tenants,
             kTenantsMiBMax);
  fmt::print("publish of 64 KB of rules        {:7.1f} ms (at most {})\n", publish, kPublishMsMax);
  const bool good = one / dom <= kOneRuleMax && whole / dom <= kMappedMax &&
                    tenants <= kTenantsMiBMax && publish <= kPublishMsMax;
  return good ? 0 : 1;
}
