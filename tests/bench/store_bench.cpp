// What the store costs: durable appends from N submitters that each wait for their answer, the full
// cycle (append, finish, record), a store that already holds a million requests, and a cold start.
//   store_bench append|cycle [-n SUBMITTERS] [-d SECONDS] [-t TENANTS] [-p PREFILL] [-D FOLDER]
//   [-k] store_bench prefill -p REQUESTS [-q PENDING] -D FOLDER   fills a folder and keeps it
//   store_bench open -D FOLDER                              times a cold start
// Prints one JSON line. Numbers of one run compare with each other, not with other machines.
#include <fcntl.h>
#include <getopt.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/threads.h"
#include "store/store.h"

namespace junctor {
namespace {

struct Options {
  std::string mode = "append", folder = "/tmp/junctor-store-bench";
  int submitters = 64, seconds = 3, tenants = 8;
  long prefill = 0, pending = 0;
  bool keep = false;
};

double cpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A line of a /proc/self file, as a number.
double procNumber(const char* file, const char* name) {
  FILE* in = std::fopen(file, "r");
  if (!in) return 0;
  char line[256];
  double value = 0;
  while (std::fgets(line, sizeof line, in)) {
    if (std::strncmp(line, name, std::strlen(name)) == 0) {
      value = std::strtod(line + std::strlen(name), nullptr);
    }
  }
  std::fclose(in);
  return value;
}

class Latencies {
 public:
  void add(int64_t ns) { ns_.push_back(ns); }
  double ms(double quantile) {
    if (ns_.empty()) return 0;
    std::sort(ns_.begin(), ns_.end());
    return static_cast<double>(
               ns_[static_cast<size_t>(quantile * static_cast<double>(ns_.size() - 1))]) /
           1e6;
  }

 private:
  std::vector<int64_t> ns_;
};

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)) {
    body_.resize(2048);
    for (size_t i = 0; i < body_.size(); ++i) body_[i] = "{\"abcdefgh\":12345}, "[i % 20];
  }

  int run() {
    if (options_.mode == "open") return timeOpen();
    if (!options_.keep && options_.mode != "prefill") std::filesystem::remove_all(options_.folder);
    open();
    if (options_.prefill > 0) prefill();
    if (options_.mode == "prefill") return 0;
    measure();
    store_.reset();
    if (!options_.keep) std::filesystem::remove_all(options_.folder);
    return 0;
  }

 private:
  struct Answer {
    RawRequestPtr request;
    int64_t started_ns;
  };

  void open() {
    store::StoreOptions where;
    where.data_dir = options_.folder;
    auto opened = store::open("sqlite", where, clock_);
    if (!opened) {
      std::fprintf(stderr, "%s\n", describe(opened.error()).c_str());
      std::exit(1);
    }
    store_ = *std::move(opened);
    ids_.raiseFloor(store_->highestOrderKey());
  }

  RawRequestPtr makeRequest() {
    auto request = std::make_shared<RawRequest>();
    const uint64_t key = random_.next();
    request->id = ids_.nextEvent();
    const int tenant = static_cast<int>(key % static_cast<uint64_t>(options_.tenants));
    request->tenant = "tenant-" + std::to_string(tenant);
    request->integration = request->tenant + "-hub";
    request->connector = "github";
    request->received_at_ms = clock_.unixMs();
    request->method = "POST";
    request->url = "https://hooks.example/v1/webhooks/incoming/" + request->integration;
    request->headers = {{"Content-Type", "application/json"},
                        {"User-Agent", "GitHub-Hookshot/044aadd"},
                        {"X-GitHub-Event", "push"},
                        {"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"},
                        {"Accept", "*/*"}};
    request->body = body_;
    request->remote_ip = "203.0.113.9";
    char text[40];
    std::snprintf(text, sizeof text, "%016lx-%016lx", key, ~key);
    request->dedupe_key = text;
    return request;
  }

  Delivery deliveryOf(const RawRequest& request) {
    Delivery delivery;
    delivery.id = ids_.nextDelivery();
    delivery.event_id = request.id;
    delivery.tenant = request.tenant;
    delivery.integration = request.integration;
    delivery.destination = "agent";
    delivery.route = "all";
    delivery.rule_version = "main@0123456789ab";
    delivery.next_at_ms = delivery.created_at_ms = clock_.unixMs();
    return delivery;
  }

  static Event eventOf(const RawRequest& request) {
    Event event;
    event.id = event.request_id = request.id;
    event.tenant = request.tenant;
    event.integration = request.integration;
    event.source = request.connector;
    event.type = "push";
    event.source_event_id = request.dedupe_key;
    event.received_at_ms = request.received_at_ms;
    event.actor_json = R"({"login":"mona"})";
    event.resource = {"repository", "1296269"};
    return event;
  }

  static store::AttemptRecord attemptOf(const Delivery& delivery) {
    store::AttemptRecord record;
    record.tenant = delivery.tenant;
    record.attempt.delivery_id = delivery.id;
    record.attempt.number = 1;
    record.attempt.started_at_ms = delivery.created_at_ms;
    record.attempt.latency_us = 800;
    record.attempt.outcome = AttemptOutcome::Delivered;
    record.attempt.status = 200;
    record.attempt.request_head = std::string(450, 'q');
    record.attempt.response_head = std::string(150, 's');
    record.state = DeliveryState::Delivered;
    return record;
  }

  void submit() {
    auto request = makeRequest();
    const int64_t now = clock_.monotonicNs();
    store_->append(request, [this, request, now](Result<store::Appended> appended) {
      if (!appended) failed_.fetch_add(1);
      answers_.push({request, now});
    });
  }

  void goOn(const RawRequestPtr& request) {
    const Delivery delivery = deliveryOf(*request);
    store_->finish({request->id, {eventOf(*request)}, {delivery}},
                   [this, delivery](Result<store::FlowStored> stored) {
                     if (!stored) failed_.fetch_add(1);
                     finished_.push(delivery);
                   });
  }

  void measure() {
    const bool cycle = options_.mode == "cycle";
    Latencies latencies;
    size_t events = 0;
    const double cpu = cpuSeconds();
    const double written = procNumber("/proc/self/io", "wchar:");
    const int64_t start = clock_.monotonicNs();
    const int64_t end = start + options_.seconds * 1'000'000'000LL;
    for (int i = 0; i < options_.submitters; ++i) submit();
    while (clock_.monotonicNs() < end) {
      for (Answer& answer : answers_.take(std::chrono::milliseconds(1))) {
        latencies.add(clock_.monotonicNs() - answer.started_ns);
        ++events;
        submit();
        if (cycle) goOn(answer.request);
      }
      for (const Delivery& delivery : finished_.takeNow()) {
        store_->record(
            std::make_shared<const store::AttemptRecord>(attemptOf(delivery)),
            [this](Result<void> recorded) { (recorded ? recorded_ : failed_).fetch_add(1); });
      }
    }
    const double seconds = static_cast<double>(clock_.monotonicNs() - start) / 1e9;
    const auto rate = [&](size_t n) { return static_cast<double>(n) / seconds; };
    const double n = static_cast<double>(std::max<size_t>(events, 1));
    std::printf(
        "{\"bench\":\"store %s\",\"submitters\":%d,\"tenants\":%d,\"prefill\":%ld,"
        "\"per_s\":%.0f,\"recorded_per_s\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.1f,"
        "\"cpu_us\":%.1f,\"bytes\":%.0f,\"rss_mib\":%.0f,\"failed\":%zu}\n",
        options_.mode.c_str(), options_.submitters, options_.tenants, options_.prefill,
        rate(events), rate(recorded_.load()), latencies.ms(.5), latencies.ms(.99), latencies.ms(1),
        (cpuSeconds() - cpu) * 1e6 / n, (procNumber("/proc/self/io", "wchar:") - written) / n,
        procNumber("/proc/self/status", "VmRSS:") / 1024, failed_.load());
    store_->flush();
    (void)finished_.takeNow();
  }

  // The last `pending` requests keep a pending delivery, the others are delivered.
  void prefill() {
    for (long done = 0; done < options_.prefill;) {
      const long chunk = std::min(options_.prefill - done, 2'000L);
      for (long i = 0; i < chunk; ++i) submit();
      store_->flush();
      for (const Answer& answer : answers_.takeNow()) goOn(answer.request);
      store_->flush();
      long left = options_.prefill - done;
      for (const Delivery& delivery : finished_.takeNow()) {
        if (left-- > options_.pending)
          store_->record(std::make_shared<const store::AttemptRecord>(attemptOf(delivery)),
                         nullptr);
      }
      store_->flush();
      done += chunk;
    }
  }

  int timeOpen() {
    const int64_t start = clock_.monotonicNs();
    open();
    const int64_t opened = clock_.monotonicNs();
    size_t room = 4'096;
    const auto due = store_->due(clock_.unixMs(), "", [&room](const Delivery&) {
      return --room > 0 ? store::DueStep::Next : store::DueStep::Stop;
    });
    const auto inbox = store_->inbox(4'096, limits::kWindowBytesMax, nullptr);
    const int64_t refilled = clock_.monotonicNs();
    const auto ledger = store_->ledger("");
    const auto page = store_->listEvents({.tenant = "tenant-0", .limit = 50});
    const int64_t listed_from = clock_.monotonicNs();
    for (int i = 0; i < 100; ++i) (void)store_->listEvents({.tenant = "tenant-0", .limit = 50});
    const int64_t listed = clock_.monotonicNs();
    if (!due || !inbox || !ledger || !page) return 1;
    std::printf(
        "{\"bench\":\"store open\",\"requests\":%ld,\"pending\":%ld,\"open_ms\":%.0f,"
        "\"refill_ms\":%.0f,\"list50_ms\":%.3f,\"rss_mib\":%.0f}\n",
        ledger->requests, ledger->deliveries[0], static_cast<double>(opened - start) / 1e6,
        static_cast<double>(refilled - opened) / 1e6,
        static_cast<double>(listed - listed_from) / 1e8,
        procNumber("/proc/self/status", "VmRSS:") / 1024);
    return 0;
  }

  const Options options_;
  const Clock& clock_ = systemClock();
  IdSource ids_{clock_};
  SeededRandom random_{entropy()};
  std::string body_;
  Mailbox<Answer> answers_;
  Mailbox<Delivery> finished_;
  std::atomic<size_t> recorded_{0}, failed_{0};
  std::unique_ptr<store::Store> store_;  // closed first: completions use the rest
};

}  // namespace
}  // namespace junctor

int main(int argc, char** argv) {
  junctor::Options options;
  if (argc > 1) options.mode = argv[1];
  for (int o; (o = ::getopt(argc, argv, "n:d:t:p:q:D:k")) != -1;) {
    if (o == 'n') options.submitters = std::atoi(optarg);
    if (o == 'd') options.seconds = std::atoi(optarg);
    if (o == 't') options.tenants = std::atoi(optarg);
    if (o == 'p') options.prefill = std::atol(optarg);
    if (o == 'q') options.pending = std::atol(optarg);
    if (o == 'D') options.folder = optarg;
    if (o == 'k') options.keep = true;
  }
  return junctor::Bench(options).run();
}
