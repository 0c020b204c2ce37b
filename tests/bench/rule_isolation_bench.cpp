// What it adds to run rules in a worker process: CPU of both sides per event, against the same
// rules in this process, lone and in batches. Prints one JSON object; fails above 1 us at 64.
//   rule_isolation_bench PAYLOAD.json RUNNER
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/process_cpu.h"
#include "isolation/rule_host.h"
#include "push_rules.h"

namespace {

using namespace junctor;

constexpr double kAddedUsMax = 1;
constexpr int kEvents = 19'200, kRounds = 7;

[[noreturn]] void die(const std::string& why) {
  fmt::print(stderr, "rule_isolation_bench: {}\n", why);
  std::exit(1);
}

struct Cost {
  double cpu_us = 1e9, wall_us = 1e9;
};

class Path {
 public:
  Path(script::RuleHost& host, const std::string& text) : text_(text), runner_(host.makeRunner()) {
    auto rules = host.compile(
        {{"bench", "push", bench::kNormalizer, "1"}, {"bench", "routes", bench::kRoutes, "1"}}, {});
    if (!rules) die(rules.error().message);
    rules_ = *rules;
    template_.source = "github";
    template_.type = "push";
    template_.integration = template_.tenant = "bench";
    template_.received_at_ms = 1'790'000'000'000;
  }

  // Parse, normalize and route so many at once.
  void batch(size_t count) {
    documents_.resize(count);
    events_.assign(count, template_);
    std::vector<script::RuleTask> tasks;
    for (size_t i = 0; i < count; ++i) {
      tasks.push_back({rules_.get(), &events_[i], documents_[i].parse(text_).value()});
    }
    runner_->run(tasks);
    for (const script::RuleTask& task : tasks) {
      if (task.error()) die(task.error()->message);
      if (task.routed.value.targets.size() < 2) die("routed to fewer than two");
    }
  }

 private:
  const std::string& text_;
  std::unique_ptr<script::RuleRunner> runner_;
  script::RulesetPtr rules_;
  Event template_;
  std::vector<JsonDoc> documents_;
  std::vector<Event> events_;
};

Cost measure(Path& path, size_t at_once, int worker) {
  Cost best;
  for (int round = 0; round < kRounds; ++round) {
    const int64_t cpu = threadCpuNs() + (worker > 0 ? processCpuNs(worker) : 0);
    const int64_t wall = systemClock().monotonicNs();
    for (size_t i = 0; i < kEvents / at_once; ++i) path.batch(at_once);
    const auto us = [](int64_t ns) { return static_cast<double>(ns) / 1000 / kEvents; };
    best.wall_us = std::min(best.wall_us, us(systemClock().monotonicNs() - wall));
    best.cpu_us =
        std::min(best.cpu_us, us(threadCpuNs() + (worker > 0 ? processCpuNs(worker) : 0) - cpu));
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) die("usage: rule_isolation_bench PAYLOAD.json RUNNER");
  const auto text = readFile(argv[1]);
  if (!text) die(text.error().message);
  isolation::RuleWorkersOptions options;
  options.runner = argv[2];
  isolation::RuleWorkers workers(options, systemClock());
  bool good = true;
  std::string out;
  {
    Path here(script::localRules(), *text), there(workers, *text);
    there.batch(1);
    const int worker = workers.pidsForTest().front();
    for (const size_t at_once : {size_t{1}, size_t{16}, size_t{64}}) {
      const Cost near = measure(here, at_once, 0), far = measure(there, at_once, worker);
      out += fmt::format(
          "{}\"{}\":{{\"in_process_us\":{:.2f},\"worker_us\":{:.2f},\"added_cpu_us\":{:.2f},"
          "\"added_wall_us\":{:.2f}}}",
          out.empty() ? "" : ",", at_once, near.cpu_us, far.cpu_us, far.cpu_us - near.cpu_us,
          far.wall_us - near.wall_us);
      if (at_once == 64) good = far.cpu_us - near.cpu_us <= kAddedUsMax;
    }
  }
  fmt::print("{{{}}}\n", out);
  return good ? 0 : 1;
}
