// Runs the table: gates, children, waivers.
#include <fmt/core.h>

#include <algorithm>

#include "base/files.h"
#include "conformance/check_table.h"
#include "conformance/child.h"
#include "conformance/crash_report.h"
#include "conformance/session.h"

namespace junctor::conformance {
namespace {

// A connector that hangs in everything would cost a timeout per check.
constexpr int kTimeoutsMax = 3;

// Without these nothing that runs code can be judged.
constexpr std::string_view kGates[] = {"S1", "S2", "S3", "L1"};

class Run {
 public:
  Run(const Options& options, const std::function<void(const Finding&)>& progress)
      : options_(options), progress_(progress), session_(options) {
    report_.library = session_.path();
    report_.level = options.level;
    report_.seed = options.seed;
    if (!session_.manifest()) return;
    report_.connector = session_.manifest()->id;
    report_.version = session_.manifest()->version;
  }

  Result<Report> all() {
    for (const Group& group : groups()) {
      for (const Check& check : group.checks) {
        if (!wanted(check)) continue;
        Finding finding;
        finding.id = check.id;
        finding.group = group.name;
        JUNCTOR_TRY(const ChildEnd end, outcomeOf(check));
        finding.verdict = end.outcome.verdict;
        finding.message = end.outcome.message;
        finding.wall_ms = end.wall_ms;
        settle(check, finding);
      }
    }
    return std::move(report_);
  }

 private:
  bool wanted(const Check& check) const {
    if (check.level > options_.level) return false;
    const auto any = [&](const std::vector<std::string>& patterns) {
      return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return globMatches(pattern, check.id);
      });
    };
    return (options_.include.empty() || any(options_.include)) && !any(options_.exclude);
  }

  Result<ChildEnd> outcomeOf(const Check& check) {
    ChildEnd end;
    if (check.runs_code && !closed_.empty()) {
      end.outcome = skip(closed_);
      return end;
    }
    ChildPlan plan;
    plan.timeout_s = options_.timeout_s > 0 ? options_.timeout_s : check.timeout_s;
    plan.filter = !check.own_limits;
    const auto work = [&] { return check.run(session_); };
    if (options_.in_process) {
      end.outcome = work();
    } else {
      JUNCTOR_TRY(end, runInChild(plan, work));
    }
    if (end.timed_out && ++timeouts_ == kTimeoutsMax) {
      closed_ = fmt::format("not run: {} checks before it did not end", kTimeoutsMax);
    }
    return end;
  }

  void settle(const Check& check, Finding& finding) {
    if (finding.verdict == Verdict::Fail) {
      finding.cure = check.cure;
      const bool gate =
          std::find(std::begin(kGates), std::end(kGates), finding.id) != std::end(kGates);
      if (gate) closed_ = fmt::format("not run: {} failed", finding.id);
      for (const Waiver& waiver : options_.waivers) {
        if (waiver.check != finding.id) continue;
        finding.verdict = Verdict::Waived;
        finding.waived = waiver.reason;
      }
    }
    if (progress_) progress_(finding);
    report_.findings.push_back(std::move(finding));
  }

  const Options& options_;
  const std::function<void(const Finding&)>& progress_;
  Session session_;
  Report report_;
  std::string closed_;  // why no code is run any more
  int timeouts_ = 0;
};

Result<void> known(const std::vector<std::string>& patterns, std::string_view option) {
  const auto list = checks();
  for (const std::string& pattern : patterns) {
    const bool found = std::any_of(list.begin(), list.end(), [&](const CheckInfo& check) {
      return globMatches(pattern, check.id);
    });
    if (!found) {
      return invalidArgument(fmt::format("{}: no check is called '{}'", option, pattern));
    }
  }
  return {};
}

}  // namespace

Result<Report> runChecks(const Options& options,
                         const std::function<void(const Finding&)>& progress) {
  if (!fileExists(options.library))
    return invalidArgument(options.library + ": there is no such file");
  JUNCTOR_CHECK(known(options.include, "include"));
  JUNCTOR_CHECK(known(options.exclude, "exclude"));
  for (const Waiver& waiver : options.waivers) JUNCTOR_CHECK(known({waiver.check}, "waivers"));
  if (!options.in_process && !singleThreaded()) {
    return internalError("checks are run by a process of one thread, since each forks");
  }
  return Run(options, progress).all();
}

size_t Report::count(Verdict verdict) const {
  return static_cast<size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.verdict == verdict; }));
}

}  // namespace junctor::conformance
