// CPU cost of one keep-alive POST through HttpClient: client_bench URL [REQUESTS] [WINDOW] [POOLS].
// Prints one line; the sink's own CPU is not in it.
#include <fmt/core.h>
#include <sys/resource.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include "net/http_client.h"

namespace {

using junctor::net::OutboundRequest;
using junctor::net::OutboundResponse;

double cpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

OutboundRequest makeRequest(const std::string& url, const std::string& pool) {
  static const auto body = std::make_shared<const std::string>(3000, 'x');
  OutboundRequest request;
  request.url = url;
  request.pool = pool;
  request.allow_private = true;
  request.body = body;
  request.headers = {{"Content-Type", "application/cloudevents+json"},
                     {"User-Agent", "Junctor/1"},
                     {"webhook-id", "dlv_01920000-0000-7000-8000-000000000000"},
                     {"webhook-timestamp", "1763700000"},
                     {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
                     {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
                     {"Junctor-Hops", "1"}};
  return request;
}

// Keeps up to WINDOW requests in flight. The sender waits for half of them to come back and then
// sends that many, as the delivery room sends in batches.
class Window {
 public:
  explicit Window(int size) : size_(size), free_(size) {}
  int acquire() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return free_ >= (size_ + 1) / 2; });
    return std::exchange(free_, 0);
  }
  void acquireAll() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return free_ == size_; });
  }
  void release() {
    std::lock_guard lock(mutex_);
    ++free_;
    if (free_ == (size_ + 1) / 2 || free_ == size_) changed_.notify_one();
  }
  void giveBack(int count) {
    std::lock_guard lock(mutex_);
    free_ += count;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  const int size_;
  int free_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: client_bench URL [REQUESTS] [WINDOW] [POOLS]\n");
    return 2;
  }
  const int requests = argc > 2 ? std::atoi(argv[2]) : 100'000;
  const int window_size = argc > 3 ? std::atoi(argv[3]) : 64;
  const int pools = argc > 4 ? std::atoi(argv[4]) : 4;
  const auto& clock = junctor::systemClock();
  const auto client = junctor::net::startHttpClient(clock);
  Window window(window_size);
  std::atomic<int> failed{0};
  const int64_t start_ns = clock.monotonicNs();
  const double start_cpu = cpuSeconds();
  for (int sent = 0; sent < requests;) {
    int batch = window.acquire();
    for (; batch > 0 && sent < requests; --batch, ++sent) {
      client->send(makeRequest(argv[1], "bench/" + std::to_string(sent % pools)),
                   [&](junctor::Result<OutboundResponse> response) {
                     if (!response || response->status / 100 != 2) ++failed;
                     window.release();
                   });
    }
    window.giveBack(batch);
  }
  window.acquireAll();
  const double wall = static_cast<double>(clock.monotonicNs() - start_ns) / 1e9;
  const double cpu = cpuSeconds() - start_cpu;
  fmt::print(
      "{{\"requests\":{},\"failed\":{},\"per_second\":{:.0f},\"cpu_us_per_request\":{:.2f}}}\n",
      requests, failed.load(), requests / wall, cpu * 1e6 / requests);
  return failed == 0 ? 0 : 1;
}
