#pragma once
// `junctor connector check`: the checks of the connector ABI as one table, each run in a child of
// its own with limits and a timeout. It proves conformance, not innocence: a connector that knows
// it is being checked may lie; what contains it in production is core/isolation.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace junctor::conformance {

enum class Level { Basic, Full, Pedantic };
enum class Verdict { Pass, Fail, Skip, Waived };
std::string_view toString(Verdict verdict);
std::string_view toString(Level level);

struct CheckInfo {
  std::string id;      // "W9"
  std::string group;   // "Webhook"
  Level level;         // the first level that runs it
  std::string proves;  // one sentence
  std::string cure;    // how to mend a failure
};
// All checks, in the order they run.
std::vector<CheckInfo> checks();
// The page packaging/doc/connector-checks.md, generated from the table.
std::string checksAsMarkdown();

// A failure that is known and accepted: reported as WAIVED, never as passed.
struct Waiver {
  std::string check, reason;
};
// junctor-check.yaml: "waivers:" and a list of {check, reason}; the reason is mandatory.
Result<std::vector<Waiver>> readWaivers(const std::string& path);

struct Options {
  std::string library;                        // the connector's .so
  std::string bundle;                         // it was unpacked from; "" = none
  std::string fixtures;                       // "" = looked for beside the library
  std::string mappings;                       // "" = looked for beside the fixtures
  std::vector<std::string> include, exclude;  // ids with '*' and '?'; empty include = all
  Level level = Level::Full;
  bool in_process = false;  // for a debugger: no child, no limits, a crash ends everything
  uint64_t seed = 1;
  int timeout_s = 0;  // per check; 0 = the check's own
  std::vector<Waiver> waivers;
};

struct Finding {
  std::string id, group;
  Verdict verdict = Verdict::Pass;
  std::string message;  // why it failed or was skipped; a remark if it passed
  std::string waived;   // the waiver's reason
  std::string cure;     // if it failed
  int64_t wall_ms = 0;
};
struct Report {
  std::string library, connector, version;
  Level level = Level::Full;
  uint64_t seed = 1;
  std::vector<Finding> findings;

  size_t count(Verdict verdict) const;
  bool passed() const { return count(Verdict::Fail) == 0; }
};

// Runs the checks of the table; `progress` sees each finding at once. Forks: call it before the
// process has started threads (FailedPrecondition-like InvalidArgument otherwise).
// InvalidArgument: no such file, or a pattern that names no check.
Result<Report> runChecks(const Options& options,
                         const std::function<void(const Finding&)>& progress = {});
Json reportAsJson(const Report& report);
std::string reportAsJUnit(const Report& report);

struct FuzzOptions {
  std::string library, fixtures;
  uint64_t seed = 1;
  uint64_t rounds = 10'000;
  std::string folder = ".";  // where a reproducer is written
  std::string reproduce;     // run this one reproducer instead
};
struct FuzzResult {
  uint64_t rounds = 0;
  std::string failure;     // "" = none
  std::string reproducer;  // the file that holds the input
};
// Feeds changed fixtures and settings to a connector until something breaks. As runChecks, forks.
Result<FuzzResult> fuzz(const FuzzOptions& options);

}  // namespace junctor::conformance
