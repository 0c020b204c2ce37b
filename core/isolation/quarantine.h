#pragma once
// Quarantine: versions of connectors that crashed too often. They are not run until an operator
// releases them or another version takes their place; a restart of the host changes nothing.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace junctor::isolation {

// When one version crashed, and what follows from that. Pure.
class CrashHistory {
 public:
  void crashed(int64_t monotonic_ms);
  // limits::kConnectorCrashesMax within limits::kConnectorCrashWindowMs.
  bool tooMany() const;
  // The least time between two starts.
  int64_t backoffMs() const;
  size_t recent() const { return times_ms_.size(); }
  void clear() { times_ms_.clear(); }

 private:
  std::deque<int64_t> times_ms_;  // within the window before the last one
};

// Thread-safe.
class Quarantine {
 public:
  // `save` makes one entry durable; an empty cause takes it away.
  using Save = std::function<void(const std::string& key, const std::string& cause)>;
  Quarantine(std::map<std::string, std::string> stored, Save save);

  static std::string keyOf(const std::string& id, const std::string& version);
  std::optional<std::string> causeOf(const std::string& key) const;
  void put(const std::string& key, const std::string& cause);
  bool release(const std::string& key);  // false: it was not there
  std::vector<std::pair<std::string, std::string>> all() const;

 private:
  const Save save_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> causes_;  // guarded by mutex_
};

}  // namespace junctor::isolation
