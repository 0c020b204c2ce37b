#pragma once
// Runs the conformance checks on connectors of this build.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "base/result.h"
#include "conformance/conformance.h"

namespace junctor::testing {

inline conformance::Report checked(const conformance::Options& options) {
  auto report = conformance::runChecks(options);
  if (!report) FAIL(describe(report.error()));
  return std::move(*report);
}

inline const conformance::Finding& findingOf(const conformance::Report& report,
                                             const std::string& id) {
  for (const conformance::Finding& finding : report.findings) {
    if (finding.id == id) return finding;
  }
  FAIL("check " << id << " was not run");
  return report.findings.front();
}

inline std::string failuresOf(const conformance::Report& report) {
  std::string out;
  for (const conformance::Finding& finding : report.findings) {
    if (finding.verdict == conformance::Verdict::Fail) {
      out += finding.id + ": " + finding.message + "\n";
    }
  }
  return out;
}

}  // namespace junctor::testing
