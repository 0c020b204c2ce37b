#include "conformance/contract_fault_checks.h"

#include <fmt/core.h>

#include <algorithm>

#include "conformance/loaded.h"

namespace junctor::conformance {
namespace {

// Points of one call that are tried; long calls are sampled evenly, the start is tried whole.
constexpr size_t kPointsWhole = 64;
constexpr size_t kPointsMax = 160;
// A connector learns of the end from a status; looking into JSON tells it nothing.
constexpr size_t kRefusalsMax = 8;
constexpr size_t kUsesAfterCancelMax = 2'000;

// Calls `check(n)` for points 1..count until one does not pass.
template <class Check>
Outcome atPoints(size_t count, Check&& check) {
  const size_t stride =
      count <= kPointsMax ? 1 : (count - kPointsWhole) / (kPointsMax - kPointsWhole) + 1;
  for (size_t n = 1; n <= count; n += n < kPointsWhole ? 1 : stride) {
    Outcome outcome = check(n);
    if (outcome.verdict != Verdict::Pass) return outcome;
  }
  return pass();
}

// Runs the fault at every point of handling every fixture and of creating an instance.
template <class Count, class Judge>
Outcome everywhere(Session& session, Fault::Kind kind, Count&& count, Judge&& judge,
                   jn_status status = JN_E_INTERNAL) {
  return withSubject(session, [&](Subject& subject) -> Outcome {
    const std::string& settings = session.fixtures().settings;
    const Created whole = subject.create(settings);
    if (whole.status != JN_OK || !whole.instance) return skip("it makes no instance (see C2)");
    Outcome created = atPoints(count(whole.stats), [&](size_t n) {
      CallSetup setup;
      setup.fault = {kind, n, status};
      const Created made = subject.create(settings, setup);
      if (made.status == JN_OK && made.instance) subject.destroy(made.instance);
      const std::string why = judge(made.status, made.stats);
      return why.empty() ? pass() : fail(fmt::format("create, host call {}: {}", n, why));
    });
    if (created.verdict == Verdict::Fail || !subject.webhook()) {
      subject.destroy(whole.instance);
      return created;
    }
    Outcome handled = eachFixture(subject, [&](const Fixture&, const GuardedRequest& request) {
      const Handled good = subject.handle(whole.instance, request);
      return atPoints(count(good.stats), [&](size_t n) {
        HandleHow how;
        how.fault = {kind, n, status};
        const Handled bad = subject.handle(whole.instance, request, how);
        const std::string why = judge(bad.status, bad.stats);
        return why.empty() ? pass() : fail(fmt::format("handle, host call {}: {}", n, why));
      });
    });
    // What failed must not have spoiled the instance.
    if (handled.verdict == Verdict::Pass) {
      handled = eachFixture(subject, [&](const Fixture&, const GuardedRequest& request) {
        const Handled again = subject.handle(whole.instance, request);
        return again.status == JN_OK ? pass()
                                     : fail("afterwards it answers " + statusText(again.status));
      });
    }
    subject.destroy(whole.instance);
    return handled;
  });
}

size_t allUses(const CallStats& stats) {
  return stats.uses;
}

// Of a call that the host has given up.
std::string judgeEnd(jn_status status, const CallStats& stats, bool known_class,
                     const char* expected) {
  if (!known_class) return "answers " + statusText(status) + " instead of " + expected;
  if (status == JN_OK && stats.refused > 0) {
    return fmt::format("answers JN_OK though the host answered {}", expected);
  }
  if (stats.refused > kRefusalsMax) {
    return fmt::format("goes on after {} host functions answered {}", stats.refused, expected);
  }
  if (stats.after_fault > kUsesAfterCancelMax) {
    return fmt::format("goes on for {} host calls", stats.after_fault);
  }
  return {};
}

}  // namespace

Outcome endsWhenCancelled(Session& session) {
  return everywhere(session, Fault::Kind::Cancelled, allUses,
                    [](jn_status status, const CallStats& stats) {
                      return judgeEnd(status, stats, status == JN_E_CANCELLED || status == JN_OK,
                                      "JN_E_CANCELLED");
                    });
}

Outcome endsWhenLate(Session& session) {
  return everywhere(
      session, Fault::Kind::Deadline, [](const CallStats&) { return size_t{1}; },
      [](jn_status status, const CallStats& stats) {
        const bool known = status == JN_E_DEADLINE || status == JN_E_CANCELLED || status == JN_OK;
        return judgeEnd(status, stats, known, "JN_E_DEADLINE");
      });
}

Outcome survivesNoMemory(Session& session) {
  bool asked = false;
  Outcome outcome = everywhere(
      session, Fault::Kind::AllocFails,
      [&](const CallStats& stats) {
        asked = asked || stats.allocs > 0;
        return stats.allocs;
      },
      [](jn_status status, const CallStats& stats) -> std::string {
        if (!knownStatus(status)) return "answers " + statusText(status);
        return stats.faulted && status == JN_OK ? "answers JN_OK though it got no memory" : "";
      });
  if (outcome.verdict == Verdict::Pass && !asked) return skip("it never asks for memory");
  return outcome;
}

Outcome survivesFailingServices(Session& session) {
  Outcome outcome = pass();
  for (const jn_status status : {JN_E_INTERNAL, JN_E_UNAVAILABLE, JN_E_TOO_LARGE}) {
    outcome = everywhere(
        session, Fault::Kind::ServiceFails, allUses,
        [](jn_status answered, const CallStats&) -> std::string {
          return knownStatus(answered) ? "" : "answers " + statusText(answered);
        },
        status);
    if (outcome.verdict != Verdict::Pass) return outcome;
  }
  return outcome;
}

Outcome stopsAtSinkErrors(Session& session) {
  return withInstance(session, [](Subject& subject, jn_instance* instance) {
    return eachFixture(subject, [&](const Fixture&, const GuardedRequest& request) -> Outcome {
      const size_t events = subject.handle(instance, request).offered;
      return atPoints(std::min<size_t>(events, 50), [&](size_t n) -> Outcome {
        for (const jn_status refusal : {JN_E_TOO_LARGE, JN_E_INVALID, JN_E_DEADLINE}) {
          HandleHow how;
          how.refuse_from = n;
          how.refusal = refusal;
          const Handled stopped = subject.handle(instance, request, how);
          if (stopped.offered > n) {
            return fail(fmt::format("gives {} more events after event {} was refused",
                                    stopped.offered - n, n));
          }
          if (stopped.status != refusal) {
            return fail(fmt::format("event {} was refused with {}, handle answers {}", n,
                                    statusName(refusal), statusText(stopped.status)));
          }
        }
        return pass();
      });
    });
  });
}

}  // namespace junctor::conformance
