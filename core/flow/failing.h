#pragma once
// Failing: which integrations are in error: so many of their requests in a row that the connector
// made nothing of. Their requests are still taken, and become dead letters. Thread-safe.
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace junctor::flow {

// An integration begins or ends to be in error.
struct IntegrationTrouble {
  std::string tenant, integration;
  int64_t since_ms = 0;  // its first dead letter was made then
  bool over = false;
  std::string reason;  // of the last dead letter
};

class Failing {
 public:
  explicit Failing(int in_a_row_max) : in_a_row_max_(in_a_row_max) {}

  // A request of the integration came to its end: with `reason` as a dead letter of the connector.
  std::optional<IntegrationTrouble> note(const std::string& tenant, const std::string& integration,
                                         int64_t at_ms, const std::string& reason);
  // Known before a restart.
  void restore(const IntegrationTrouble& trouble);
  std::optional<IntegrationTrouble> find(const std::string& integration) const;

 private:
  struct Row {
    int count = 0;
    int64_t since_ms = 0;
    bool error = false;
    std::string tenant, reason;
  };
  const int in_a_row_max_;
  mutable std::mutex mutex_;
  std::map<std::string, Row> rows_;  // of integrations whose last request failed
};

}  // namespace junctor::flow
