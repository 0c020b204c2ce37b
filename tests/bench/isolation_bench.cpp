// What it costs to run a connector in a process of its own, beside the prototype's figures
// (2 KB in, 1 KB out, p50 unless said). Prints one JSON object.
//   isolation_bench FOLDER RUNNER   FOLDER holds bench.so (tests/bench/bench_connector.c)
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "isolation/supervisor.h"
#include "plugin/connector.h"
#include "plugin/verdict.h"

namespace {

using namespace junctor;

constexpr int kRounds = 7, kCalls = 4'000, kInFlight = 16;

double usBetween(int64_t from_ns, int64_t to_ns, int calls) {
  return static_cast<double>(to_ns - from_ns) / 1000.0 / calls;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

[[noreturn]] void die(const Error& error) {
  std::fprintf(stderr, "isolation_bench: %s\n", describe(error).c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) die(result.error());
  return std::move(*result);
}

std::unique_ptr<plugin::Instance> instanceOf(plugin::Connector& connector) {
  Integration integration;
  integration.id = "bench-1";
  integration.tenant = "acme";
  integration.connector = "bench";
  return must(connector.create(integration));
}

RawRequest request() {
  RawRequest out;
  out.method = "POST";
  out.url = "https://hooks.example/in";
  out.headers = {{"Content-Type", "application/json"}, {"X-Event", "push"}};
  out.body = "{\"text\":\"" + std::string(2'036, 'x') + "\"}";
  return out;
}

double lone(plugin::Instance& instance) {
  const RawRequest one = request();
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const int64_t from = systemClock().monotonicNs();
    for (int i = 0; i < kCalls; ++i) must(instance.handle(one, JsonView()));
    rounds.push_back(usBetween(from, systemClock().monotonicNs(), kCalls));
  }
  return median(rounds);
}

// Also if the machine kept the child from answering at once.
Result<plugin::HandleResult> handled(plugin::Instance& instance, const RawRequest& begun) {
  auto result = instance.handle(begun, JsonView());
  while (!result && plugin::isBusy(result.error())) result = instance.handle(begun, JsonView());
  return result;
}

double pipelined(plugin::Instance& instance) {
  const std::vector<RawRequest> batch(kInFlight, request());
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const int64_t from = systemClock().monotonicNs();
    for (int i = 0; i < kCalls / kInFlight; ++i) {
      for (const RawRequest& each : batch) instance.begin(each);
      for (const RawRequest& each : batch) must(handled(instance, each));
    }
    rounds.push_back(usBetween(from, systemClock().monotonicNs(), kCalls));
  }
  return median(rounds);
}

// The runner's pid: the only child of this process.
pid_t child() {
  for (int tries = 0; tries < 100; ++tries) {
    std::FILE* list =
        ::popen(("pgrep -P " + std::to_string(::getpid()) + " junctor-runner").c_str(), "r");
    int pid = 0;
    const bool found = list && std::fscanf(list, "%d", &pid) == 1;
    if (list) ::pclose(list);
    if (found) return pid;
  }
  return -1;
}

double pssMib(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string word; file >> word;) {
    double kib = 0;
    if (word == "Pss:" && file >> kib) return kib / 1024;
  }
  return -1;
}

struct Children {
  double start_ms = 0, notice_ms = 0, pss_mib = 0;
};

Children children(const std::string& path, const std::string& runner) {
  std::vector<double> starts, notices, sizes;
  for (int round = 0; round < 21; ++round) {
    isolation::SupervisorOptions options;
    options.runner = runner;
    isolation::Supervisor supervisor(options, systemClock());
    const int64_t from = systemClock().monotonicNs();
    const auto connector = must(supervisor.open(must(plugin::readManifest(path)), path));
    starts.push_back(usBetween(from, systemClock().monotonicNs(), 1'000));
    const pid_t pid = child();
    sizes.push_back(pssMib(pid));
    const int64_t killed = systemClock().monotonicNs();
    ::kill(pid, SIGSEGV);
    while (connector->runsIn().find("crash") == std::string::npos) std::this_thread::yield();
    notices.push_back(usBetween(killed, systemClock().monotonicNs(), 1'000));
  }
  return {median(starts), median(notices), median(sizes)};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string path = std::string(argv[1]) + "/bench.so", runner = argv[2];
  log::configure(log::Level::Error, log::Format::Text);
  const auto here =
      must(plugin::openInProcess(systemClock())(must(plugin::readManifest(path)), path));
  const auto local = instanceOf(*here);
  const double in_process = lone(*local);
  double isolated = 0, in_flight = 0;
  {
    isolation::SupervisorOptions options;
    options.runner = runner;
    isolation::Supervisor supervisor(options, systemClock());
    const auto there = must(supervisor.open(must(plugin::readManifest(path)), path));
    const auto instance = instanceOf(*there);
    isolated = lone(*instance);
    in_flight = pipelined(*instance);
  }
  const Children born = children(path, runner);
  std::printf(
      "{\"in_process_us\":%.2f,\"isolated_lone_us\":%.1f,\"isolated_pipelined_us\":%.1f,"
      "\"child_start_ms\":%.1f,\"crash_noticed_ms\":%.2f,\"idle_child_pss_mib\":%.2f}\n",
      in_process, isolated, in_flight, born.start_ms, born.notice_ms, born.pss_mib);
  return 0;
}
