// What PostgreSQL takes in, as ratios of one run: a bare loop of multi-row inserts, one node, two
// nodes; all with the same number of requests under way, each sent again when it is answered.
//   postgres_bench LOCATION [-n REQUESTS UNDER WAY] [-d SECONDS] [-r ROUNDS]
// LOCATION is a database that may be filled (postgres_bench.py starts one). Prints JSON lines.
#include <getopt.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/threads.h"
#include "store/postgres/connection.h"
#include "store/store.h"

namespace junctor {
namespace {

struct Options {
  std::string location;
  int under_way = 64, seconds = 3, rounds = 3;
};

template <class T>
T must(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
  std::exit(1);
}
void must(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
  std::exit(1);
}

std::string bodyOf() {
  std::string body(2048, ' ');
  for (size_t i = 0; i < body.size(); ++i) body[i] = "{\"abcdefgh\":12345}, "[i % 20];
  return body;
}

// The least that could be done: key, dedupe key and body of each request, one statement and one
// commit for all that are under way.
double bareLoop(const Options& options) {
  const Clock& clock = systemClock();
  auto connection = must(store::postgres::Connection::open(options.location, clock, true));
  must(
      connection->script("CREATE TABLE IF NOT EXISTS bare (key bigint PRIMARY KEY,"
                         " dedupe_key text, body bytea COMPRESSION lz4)"));
  const std::string body = bodyOf();
  IdSource ids(clock);
  int64_t rows = 0;
  const int64_t start = clock.monotonicNs(), end = start + options.seconds * 1'000'000'000LL;
  while (clock.monotonicNs() < end) {
    store::postgres::Column keys(store::postgres::Column::Numbers),
        dedupe(store::postgres::Column::Texts), bodies(store::postgres::Column::Bytes);
    for (int i = 0; i < options.under_way; ++i) {
      const Uuid id = ids.next();
      keys.add(id.orderKey());
      dedupe.add(formatUuid(id));
      bodies.add(body);
    }
    (void)must(connection->run(
        {"INSERT INTO bare SELECT * FROM unnest($1::int8[], $2::text[], $3::bytea[])",
         store::postgres::Params::of(std::move(keys), std::move(dedupe), std::move(bodies))}));
    rows += options.under_way;
  }
  return static_cast<double>(rows) * 1e9 / static_cast<double>(clock.monotonicNs() - start);
}

// One node that keeps so many requests under way.
class Node {
 public:
  Node(const Options& options, const std::string& name) : body_(bodyOf()) {
    store::StoreOptions where;
    where.node = name;
    store_ = must(store::open(options.location, where, clock_));
    ids_.useLane(store_->lane());
    ids_.raiseFloor(store_->highestOrderKey());
  }
  void start(int under_way) {
    open_ = under_way;
    for (int i = 0; i < under_way; ++i) append();
  }
  void stop() {
    stopping_ = true;
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return open_ == 0; });
  }
  int64_t stored() const { return stored_; }

 private:
  void append() {
    auto request = std::make_shared<RawRequest>();
    request->id = ids_.nextEvent();
    request->tenant = "tenant-" + std::to_string(random_.next() % 8);
    request->integration = request->tenant + "-hub";
    request->connector = "github";
    request->received_at_ms = clock_.unixMs();
    request->method = "POST";
    request->url = "https://hooks.example/v1/webhooks/incoming/" + request->integration;
    request->headers = {{"Content-Type", "application/json"},
                        {"X-GitHub-Event", "push"},
                        {"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"}};
    request->body = body_;
    request->remote_ip = "203.0.113.9";
    request->dedupe_key = request->id.text();
    store_->append(request, [this](const Result<store::Appended>& answer) {
      if (!answer) must(Result<void>(answer.error()));
      ++stored_;
      if (!stopping_) return append();
      const std::lock_guard lock(mutex_);
      if (--open_ == 0) ended_.notify_all();
    });
  }

  const Clock& clock_ = systemClock();
  const std::string body_;
  IdSource ids_{clock_};
  SeededRandom random_{7};
  std::atomic<int64_t> stored_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  int open_ = 0;  // guarded by mutex_
  std::unique_ptr<store::Store> store_;
};

double nodes(const Options& options, int count) {
  const Clock& clock = systemClock();
  std::vector<std::unique_ptr<Node>> all;
  for (int i = 0; i < count; ++i) {
    all.push_back(std::make_unique<Node>(options, "bench" + std::to_string(i)));
  }
  const int64_t start = clock.monotonicNs();
  for (auto& node : all) node->start(options.under_way / count);
  std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
  int64_t stored = 0;
  for (auto& node : all) stored += node->stored();
  const double rate =
      static_cast<double>(stored) * 1e9 / static_cast<double>(clock.monotonicNs() - start);
  for (auto& node : all) node->stop();
  return rate;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(const Options& options) {
  std::vector<double> bare, one, two;
  for (int round = 0; round < options.rounds; ++round) {  // taking turns: the disk's mood is shared
    bare.push_back(bareLoop(options));
    one.push_back(nodes(options, 1));
    two.push_back(nodes(options, 2));
  }
  std::printf(
      "{\"under_way\": %d, \"bare_per_s\": %.0f, \"one_node_per_s\": %.0f,"
      " \"two_nodes_per_s\": %.0f, \"one_to_bare\": %.2f, \"two_to_one\": %.2f}\n",
      options.under_way, median(bare), median(one), median(two), median(one) / median(bare),
      median(two) / median(one));
  return 0;
}

}  // namespace
}  // namespace junctor

int main(int argc, char** argv) {
  junctor::Options options;
  for (int flag = 0; (flag = ::getopt(argc, argv, "n:d:r:")) != -1;) {
    const int value = optarg ? std::atoi(optarg) : 0;
    if (flag == 'n') options.under_way = value;
    if (flag == 'd') options.seconds = value;
    if (flag == 'r') options.rounds = value;
  }
  if (optind >= argc || options.under_way < 2 || options.seconds < 1 || options.rounds < 1) {
    std::fprintf(stderr, "usage: postgres_bench [-n N] [-d SECONDS] [-r ROUNDS] LOCATION\n");
    return 2;
  }
  options.location = argv[optind];
  return junctor::run(options);
}
