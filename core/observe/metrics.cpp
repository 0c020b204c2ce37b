#include "observe/metrics.h"

#include <fmt/core.h>

#include <algorithm>

namespace junctor::observe {
namespace {

constexpr size_t kLabelSetsMax = 10'000;

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// "source=\"github\",code=\"202\"" without braces, so that histograms can add `le`.
std::string labelText(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out.push_back(',');
    out += name + "=\"" + escaped(value) + "\"";
  }
  return out;
}

std::string braced(const std::string& labels) { return labels.empty() ? "" : "{" + labels + "}"; }

void renderHistogram(std::string& out, const std::string& name, const std::string& labels,
                     const Histogram& histogram) {
  const std::string lead = labels.empty() ? "" : labels + ",";
  uint64_t total = 0;
  for (size_t i = 0; i < Histogram::kBoundsUs.size(); ++i) {
    total += histogram.bucket(i);
    out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, lead,
                       static_cast<double>(Histogram::kBoundsUs[i]) / 1e6, total);
  }
  total += histogram.bucket(Histogram::kBoundsUs.size());
  out += fmt::format("{}_bucket{{{}le=\"+Inf\"}} {}\n", name, lead, total);
  out += fmt::format("{}_sum{} {}\n", name, braced(labels),
                     static_cast<double>(histogram.sumUs()) / 1e6);
  out += fmt::format("{}_count{} {}\n", name, braced(labels), total);
}

}  // namespace

void Histogram::observeUs(int64_t us) {
  const auto bound = std::lower_bound(kBoundsUs.begin(), kBoundsUs.end(), us);
  buckets_[static_cast<size_t>(bound - kBoundsUs.begin())].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(us, std::memory_order_relaxed);
}

Metrics::Family& Metrics::family(const std::string& name, const std::string& help,
                                 const std::string& type) {
  Family& family = families_[name];
  if (family.type.empty()) {
    family.help = help;
    family.type = type;
  }
  return family;
}

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  std::lock_guard lock(mutex_);
  Family& of = family(name, help, "counter");
  const auto found = of.counters.find(labelText(labels));
  if (found != of.counters.end()) return *found->second;
  if (label_sets_ >= kLabelSetsMax) return overflow_counter_;
  ++label_sets_;
  return *of.counters.emplace(labelText(labels), std::make_unique<Counter>()).first->second;
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                              const Labels& labels) {
  std::lock_guard lock(mutex_);
  Family& of = family(name, help, "histogram");
  const auto found = of.histograms.find(labelText(labels));
  if (found != of.histograms.end()) return *found->second;
  if (label_sets_ >= kLabelSetsMax) return overflow_histogram_;
  ++label_sets_;
  return *of.histograms.emplace(labelText(labels), std::make_unique<Histogram>()).first->second;
}

void Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels,
                    std::function<double()> read) {
  std::lock_guard lock(mutex_);
  family(name, help, "gauge").read[labelText(labels)] = std::move(read);
}

void Metrics::counterOf(const std::string& name, const std::string& help, const Labels& labels,
                        std::function<double()> read) {
  std::lock_guard lock(mutex_);
  family(name, help, "counter").read[labelText(labels)] = std::move(read);
}

std::string Metrics::render() const {
  std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.type);
    for (const auto& [labels, counter] : family.counters) {
      out += fmt::format("{}{} {}\n", name, braced(labels), counter->value());
    }
    for (const auto& [labels, histogram] : family.histograms) {
      renderHistogram(out, name, labels, *histogram);
    }
    for (const auto& [labels, read] : family.read) {
      out += fmt::format("{}{} {}\n", name, braced(labels), read());
    }
  }
  return out;
}

}  // namespace junctor::observe
