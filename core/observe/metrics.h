#pragma once
// Metrics: counters, gauges and histograms in the Prometheus text format (version 0.0.4).
// A metric with its labels is looked up once, at construction; counting is one atomic add.
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace junctor::observe {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Durations in microseconds, kept in buckets from 50 µs to 60 s.
class Histogram {
 public:
  static constexpr std::array<int64_t, 16> kBoundsUs = {
      50,      100,     250,       500,       1'000,     2'500,      5'000,      10'000,
      25'000,  100'000, 250'000,   1'000'000, 2'500'000, 10'000'000, 30'000'000, 60'000'000};
  void observeUs(int64_t us);
  uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  uint64_t bucket(size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  int64_t sumUs() const { return sum_us_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<uint64_t>, kBoundsUs.size() + 1> buckets_{};
  std::atomic<uint64_t> count_{0};
  std::atomic<int64_t> sum_us_{0};
};

// Owns all metrics of a process. Thread-safe. At most 10,000 label sets; beyond that a shared
// overflow metric counts, so that hostile labels cannot eat memory.
class Metrics {
 public:
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels = {});
  // `read` is called at every scrape, on the scraping thread.
  void gauge(const std::string& name, const std::string& help, const Labels& labels,
             std::function<double()> read);

  // A counter that somebody else keeps; `read` as for gauge().
  void counterOf(const std::string& name, const std::string& help, const Labels& labels,
                 std::function<double()> read);

  std::string render() const;

 private:
  struct Family {
    std::string help;
    std::string type;
    std::map<std::string, std::unique_ptr<Counter>> counters;
    std::map<std::string, std::unique_ptr<Histogram>> histograms;
    std::map<std::string, std::function<double()>> read;
  };
  Family& family(const std::string& name, const std::string& help, const std::string& type);

  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
  size_t label_sets_ = 0;
  Counter overflow_counter_;
  Histogram overflow_histogram_;
};

}  // namespace junctor::observe
