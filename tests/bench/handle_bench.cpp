// handle_bench FOLDER FIXTURES: how long each connector's handle takes in this process, by sample.
// Prints connector, sample, bytes and the median of 2,000 calls in microseconds, parse included.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/json_doc.h"
#include "plugin/connector.h"

using namespace std::string_literals;

namespace {

constexpr int kCalls = 2'000;

double medianUs(junctor::plugin::Instance& instance, const junctor::RawRequest& request,
                bool json) {
  std::vector<int64_t> took;
  junctor::JsonDoc document;
  for (int i = 0; i < kCalls; ++i) {
    const int64_t start = junctor::systemClock().monotonicNs();
    junctor::JsonView body;
    if (json) {
      if (auto parsed = document.parse(request.body)) body = *parsed;
    }
    if (!instance.handle(request, body)) return -1;
    took.push_back(junctor::systemClock().monotonicNs() - start);
  }
  std::nth_element(took.begin(), took.begin() + kCalls / 2, took.end());
  return static_cast<double>(took[kCalls / 2]) / 1000.0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto registry = junctor::plugin::loadConnectors({argv[1]}, junctor::systemClock());
  for (const auto& connector : registry->all()) {
    const auto& manifest = connector->manifest();
    junctor::Integration integration;
    integration.id = manifest.id + "-1";
    integration.tenant = "bench";
    integration.connector = manifest.id;
    auto instance = connector->create(integration);
    for (const auto& sample : manifest.samples) {
      auto body = junctor::readFile(argv[2] + "/"s + manifest.id + "/fixtures/" + sample.file);
      if (!instance || !body) continue;
      junctor::RawRequest request;
      request.body = *body;
      request.headers = sample.headers;
      const bool json = sample.file.ends_with(".json");
      std::printf("%-18s %-32s %7zu %8.1f\n", manifest.id.c_str(), sample.event.c_str(),
                  body->size(), medianUs(**instance, request, json));
    }
  }
  return 0;
}
