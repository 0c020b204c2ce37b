#pragma once
// Ports of the tests' own: a network, a store, a secret and metrics that remember.
#include <functional>
#include <map>

#include "plugin/ports.h"
#include "unit/plugin/plugin_house.h"

namespace junctor::testing {

// Answers as the test says, remembers what it was asked to send.
class RecordingNetwork final : public plugin::HttpPort {
 public:
  Result<plugin::HttpAnswer> send(const plugin::PortCall& call,
                                  const plugin::HttpSend& request) override {
    sent.push_back(request);
    tenant = call.tenant;
    return answer(request);
  }
  std::vector<plugin::HttpSend> sent;
  std::string tenant;
  std::function<Result<plugin::HttpAnswer>(const plugin::HttpSend&)> answer =
      [](const plugin::HttpSend&) -> Result<plugin::HttpAnswer> {
    return plugin::HttpAnswer{200, {{"X-Id", "7"}, {"set-cookie", "a=b"}}, "hello"};
  };
};

class MemoryStorage final : public plugin::KvPort {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  Result<plugin::KvEntry> get(const plugin::PortCall&, const std::string& key) override {
    const auto found = entries.find(key);
    if (found == entries.end()) return notFound("no such key");
    return found->second;
  }
  Result<uint64_t> put(const plugin::PortCall&, const plugin::KvWrite& write) override {
    quota = write.quota_bytes;
    const auto found = entries.find(write.key);
    const uint64_t version = found == entries.end() ? 0 : found->second.version;
    if (write.if_version && *write.if_version != version) {
      return makeError(ErrorCode::AlreadyExists, "another version");
    }
    entries[write.key] = {write.value, version + 1, 0};
    return version + 1;
  }
  Result<void> remove(const plugin::PortCall&, const std::string& key) override {
    entries.erase(key);
    return {};
  }
  Result<Pairs> list(const plugin::PortCall&, const std::string& prefix, const std::string& after,
                     size_t limit) override {
    Pairs page;
    for (const auto& [key, entry] : entries) {
      if (key.starts_with(prefix) && key > after && page.size() < limit) {
        page.emplace_back(key, entry.value);
      }
    }
    return page;
  }
  std::map<std::string, plugin::KvEntry> entries;
  int64_t quota = 0;
};

class OneSecret final : public plugin::SecretsPort {
 public:
  Result<std::string> get(const plugin::PortCall&, const std::string& name) override {
    asked.push_back(name);
    return std::string("canary-4711");
  }
  std::vector<std::string> asked;
};

class CountedMetrics final : public plugin::MetricsPort {
 public:
  Result<void> count(const plugin::PortCall& call, const std::string& name, const Labels& labels,
                     uint64_t n) override {
    seen[std::string(call.connector) + "." + name + (labels.empty() ? "" : labels[0].second)] += n;
    return {};
  }
  Result<void> observeUs(const plugin::PortCall& call, const std::string& name, const Labels&,
                         uint64_t us) override {
    seen[std::string(call.connector) + "." + name] += us;
    return {};
  }
  std::map<std::string, uint64_t> seen;
};

}  // namespace junctor::testing
