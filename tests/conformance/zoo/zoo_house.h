#pragma once
// Runs the conformance checks on connectors of this build.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "base/result.h"
#include "conformance/conformance.h"

namespace junctor::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// A sanitizer's run-time is a library that no host has (S10), needs more mappings than are left
// beside the guard pages of eight threads (C5), keeps freed memory (C15), and lets no limit be set
// on memory and system calls.
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

inline conformance::Report checked(conformance::Options options) {
  if (kSanitized) {
    for (const char* check : {"S10", "C5", "C15"}) options.exclude.emplace_back(check);
  }
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
