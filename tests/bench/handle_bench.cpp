// handle_bench FOLDER FIXTURES: how long each connector's handle takes in this process, by sample.
// Prints connector, sample, bytes and the median of 2,000 calls in microseconds, parse included; of
// samples below 7 KB also when they are grown to it, with more of their own kind.
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

constexpr size_t kGrown = 7 * 1024;

// The object with copies of itself in a member that nobody knows.
std::string grown(const std::string& body) {
  const size_t end = body.find_last_of('}');
  if (body.empty() || body.front() != '{' || end == body.npos) return {};
  std::string out = body.substr(0, end) + ",\"grown\":[" + body;
  while (out.size() + body.size() < kGrown) out += "," + body;
  return out + "]}";
}

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
    const std::string fixtures = argv[2] + "/"s + manifest.id + "/fixtures/";
    if (auto settings = junctor::readFile(fixtures + "settings.json")) {
      integration.settings_json = *settings;
    }
    auto instance = connector->create(integration);
    for (const auto& sample : manifest.samples) {
      auto body = junctor::readFile(fixtures + sample.file);
      if (!instance || !body) continue;
      junctor::RawRequest request;
      request.body = *body;
      request.headers = sample.headers;
      const bool json = sample.file.ends_with(".json");
      for (const std::string& text : {*body, body->size() < kGrown ? grown(*body) : ""}) {
        if (text.empty()) continue;
        request.body = text;
        std::printf("%-18s %-32s %7zu %8.1f\n", manifest.id.c_str(), sample.event.c_str(),
                    text.size(), medianUs(**instance, request, json));
      }
    }
  }
  return 0;
}
