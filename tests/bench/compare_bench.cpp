// `rule compare` over stored events: how many a second of one core go through two versions of a
// normalizer and 21 routes, payloads read from the store. Prints one JSON object; fails below
// 50,000.
//   compare_bench PAYLOAD.json [-n EVENTS] [-D FOLDER]
#include <fmt/core.h>
#include <getopt.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/files.h"
#include "base/ids.h"
#include "flow/rule_diff.h"
#include "push_rules.h"

namespace {

using namespace junctor;

constexpr double kPerSecondMin = 50'000;

[[noreturn]] void die(const std::string& why) {
  fmt::print(stderr, "compare_bench: {}\n", why);
  std::exit(1);
}

void fill(store::Store& store, const std::string& body, long events) {
  IdSource ids(systemClock());
  std::atomic<long> stored{0};
  for (long i = 0; i < events; ++i) {
    auto request = std::make_shared<RawRequest>();
    request->id = ids.nextEvent();
    request->tenant = "bench";
    request->integration = "bench-hub";
    request->connector = "github";
    request->received_at_ms = systemClock().unixMs();
    request->method = "POST";
    request->url = "https://hooks.example/v1/webhooks/incoming/bench-hub";
    request->headers = {{"Content-Type", "application/json"}, {"X-GitHub-Event", "push"}};
    request->body = body;
    Event event;
    event.id = event.request_id = request->id;
    event.tenant = request->tenant;
    event.integration = request->integration;
    event.source = "github";
    event.type = "push";
    event.received_at_ms = request->received_at_ms;
    store.append(request, [&store, &stored, event](const Result<store::Appended>& appended) {
      if (!appended) die(appended.error().message);
      store.finish({event.id, {event}, {}}, [&stored](const Result<store::FlowStored>& finished) {
        if (!finished) die(finished.error().message);
        ++stored;
      });
    });
    while (i - stored.load() > 2'000) std::this_thread::yield();
  }
  while (stored.load() < events) std::this_thread::yield();
}

script::RulesetPtr compiled(const char* version, const std::string& normalizer) {
  auto rules = script::compileRules(
      {{"bench", "push", normalizer, version}, {"bench", "routes", bench::kRoutes, "1"}});
  if (!rules) die(rules.error().message);
  return *rules;
}

}  // namespace

int main(int argc, char** argv) {
  long events = 100'000;
  std::string folder = "/tmp/junctor-compare-bench";
  for (int option = 0; (option = ::getopt(argc, argv, "n:D:")) != -1;) {
    if (option == 'n') events = std::atol(optarg);
    if (option == 'D') folder = optarg;
  }
  if (optind >= argc) die("usage: compare_bench PAYLOAD.json [-n EVENTS] [-D FOLDER]");
  const auto body = readFile(argv[optind]);
  if (!body) die(body.error().message);
  std::filesystem::remove_all(folder);
  store::StoreOptions where;
  where.data_dir = folder;
  auto store = store::open("sqlite", where, systemClock());
  if (!store) die(store.error().message);
  fill(**store, *body, events);
  const auto before = compiled("1", bench::kNormalizer);
  std::string changed = bench::kNormalizer;
  changed.replace(changed.find("\"none\""), 6, "\"unknown\"");
  const auto after = compiled("2", changed);

  store::EventQuery query;
  query.tenant = "bench";
  query.limit = limits::kPageMax;
  int64_t compared = 0, errors = 0;
  const int64_t cpu = threadCpuNs(), wall = systemClock().monotonicNs();
  do {
    const auto page = flow::comparePage(**store, query, *before, *after);
    if (!page) die(page.error().message);
    compared += page->comparison.events;
    errors += page->comparison.errors_before + page->comparison.errors_after;
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  const double cpu_s = static_cast<double>(threadCpuNs() - cpu) / 1e9;
  const double wall_s = static_cast<double>(systemClock().monotonicNs() - wall) / 1e9;
  if (compared != events || errors != 0) die("not all events were compared");
  store->reset();
  std::filesystem::remove_all(folder);
  const double rate = static_cast<double>(events) / cpu_s;
  fmt::print("{{\"events\":{},\"per_core_second\":{:.0f},\"per_second\":{:.0f},\"us\":{:.1f}}}\n",
             events, rate, static_cast<double>(events) / wall_s, cpu_s * 1e6 / double(events));
  return rate >= kPerSecondMin ? 0 : 1;
}
