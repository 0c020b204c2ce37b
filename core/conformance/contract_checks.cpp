// C: the contract of calls: instances, views, threads, faults, statuses, output, memory.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>

#include "base/bytes.h"
#include "base/json_doc.h"
#include "base/json_value.h"
#include "base/random.h"
#include "base/threads.h"
#include "conformance/check_table.h"
#include "conformance/child.h"
#include "conformance/contract_fault_checks.h"
#include "conformance/crash_report.h"
#include "conformance/footprint.h"
#include "conformance/loaded.h"
#include "conformance/mutate.h"

namespace junctor::conformance {
namespace {

// What each fixture becomes in a fresh instance.
using Answers = std::map<std::string, std::string>;
std::string answerOf(const Handled& handled) {
  return statusText(handled.status) + "\n" + asText(handled.events);
}
Outcome answersOf(Subject& subject, jn_instance* instance, Answers& out) {
  return eachFixture(subject, [&](const Fixture& fixture, const GuardedRequest& request) {
    out[fixture.name] = answerOf(subject.handle(instance, request));
    return pass();
  });
}
std::string firstDifference(const Answers& a, const Answers& b) {
  for (const auto& [name, answer] : a) {
    const auto other = b.find(name);
    if (other == b.end() || other->second != answer) return name;
  }
  return {};
}

Outcome instancesApart(Session& session) {
  return withInstance(session, [](Subject& subject, jn_instance* first) -> Outcome {
    Answers alone, second_alone, after;
    if (Outcome o = answersOf(subject, first, alone); o.verdict != Verdict::Pass) return o;
    jn_instance* second = subject.instance();
    if (!second) return fail("makes no second instance beside the first");
    (void)answersOf(subject, second, second_alone);
    subject.destroy(second);
    (void)answersOf(subject, first, after);
    if (auto name = firstDifference(alone, second_alone); !name.empty()) {
      return fail(name + ": a second instance answers otherwise than the first");
    }
    if (auto name = firstDifference(alone, after); !name.empty()) {
      return fail(name + ": an instance answers otherwise after another one was destroyed");
    }
    return pass();
  });
}

Outcome destroyUnused(Session& session) {
  constexpr int kTimes = 100;
  return withSubject(session, [&](Subject& subject) -> Outcome {
    for (int i = 0; i < kTimes; ++i) {
      const Created made = subject.create(session.fixtures().settings);
      if (made.status != JN_OK) {
        return fail(fmt::format("create answers {} for the fixtures' settings{}",
                                statusText(made.status),
                                made.failed ? ": " + made.failed->message : std::string()));
      }
      if (!made.instance) return fail("create answers JN_OK and gives no instance");
      subject.destroy(made.instance);
    }
    return pass();
  });
}

std::vector<std::pair<std::string, std::string>> strangeSettings() {
  std::string deep(20'000, '[');
  std::string wide = "{";
  for (int i = 0; i < 50'000; ++i) wide += fmt::format("{}\"k{}\":\"{}\"", i ? "," : "", i, i);
  wide += "}";
  return {{"empty text", ""},
          {"broken JSON", "{"},
          {"broken JSON", "{\"a\":}"},
          {"no JSON", "nonsense"},
          {"bytes that are not UTF-8", "{\"a\":\"\xff\xfe\"}"},
          {"null", "null"},
          {"a list", "[]"},
          {"a number", "7"},
          {"an empty object", "{}"},
          {"an unknown key", "{\"no_such_setting_at_all\":1}"},
          {"20,000 open brackets", std::move(deep)},
          {"50,000 keys", std::move(wide)},
          {"a text of 4 MiB", "{\"a\":\"" + std::string(4 * 1024 * 1024, 'x') + "\"}"}};
}

std::string judgeCreate(const Created& made, bool valid_json) {
  if (!knownStatus(made.status)) return "create answers " + statusText(made.status);
  if (made.status == JN_OK && !made.instance) return "create answers JN_OK and gives no instance";
  if (made.status == JN_OK && !valid_json) return "create takes settings that are no JSON";
  if (made.status != JN_OK && made.instance) return "create fails and gives an instance";
  const bool refused = made.status == JN_OK || made.status == JN_E_INVALID ||
                       made.status == JN_E_TOO_LARGE || made.status == JN_E_UNSUPPORTED;
  return refused ? "" : "create answers " + statusText(made.status) + " instead of JN_E_INVALID";
}

Outcome strangeCreate(Session& session) {
  return withSubject(session, [&](Subject& subject) -> Outcome {
    const auto tryOne = [&](const std::string& settings) {
      const Created made = subject.create(settings);
      if (made.status == JN_OK && made.instance) subject.destroy(made.instance);
      return judgeCreate(made, checkJson(settings).has_value());
    };
    for (const auto& [name, settings] : strangeSettings()) {
      if (auto why = tryOne(settings); !why.empty()) return fail(name + ": " + why);
    }
    Mutator mutator(session.options().seed);
    for (int round = 0; round < 300; ++round) {
      const std::string settings = mutator.change(session.fixtures().settings);
      if (auto why = tryOne(settings); !why.empty()) {
        return fail(fmt::format("seed {}, round {}: {}", session.options().seed, round, why));
      }
    }
    return pass();
  });
}

// Bodies of many lengths, so that their end lies at every distance from a word's boundary.
Outcome staysInViews(Session& session) {
  constexpr size_t kCuts = 24;
  return withInstance(session, [&](Subject& subject, jn_instance* instance) {
    return eachFixture(subject, [&](const Fixture& fixture, const GuardedRequest& request) {
      (void)subject.handle(instance, request);
      Delivery cut = *fixture.deliver();
      const std::string whole = cut.body;
      for (size_t i = 0; i < std::min(kCuts, whole.size()); ++i) {
        cut.body = whole.substr(0, whole.size() - 1 - i);
        (void)subject.handle(instance, GuardedRequest(cut));
        cut.body = whole.substr(0, i);
        (void)subject.handle(instance, GuardedRequest(cut));
      }
      return pass();
    });
  });
}

// Eight threads over `instances`; answers must be those of one thread.
Outcome inParallel(Subject& subject, const std::vector<jn_instance*>& instances,
                   const Answers& expected) {
  constexpr int kRounds = 20;
  std::vector<std::pair<std::string, std::unique_ptr<GuardedRequest>>> requests;
  for (const Fixture& fixture : subject.session().fixtures().list) {
    requests.emplace_back(fixture.name, std::make_unique<GuardedRequest>(*fixture.deliver()));
  }
  std::atomic<const std::string*> wrong{nullptr};
  {
    std::vector<Thread> threads;
    for (size_t i = 0; i < 8; ++i) {
      jn_instance* instance = instances[i % instances.size()];
      threads.emplace_back("check", [&, instance] {
        useAlternateStack();
        HandleHow how;
        how.guarded = false;
        for (int round = 0; round < kRounds && !wrong; ++round) {
          for (const auto& [name, request] : requests) {
            if (answerOf(subject.handle(instance, *request, how)) != expected.at(name)) {
              wrong = &name;
            }
          }
        }
      });
    }
  }
  if (const std::string* name = wrong) return fail(*name + ": answers otherwise on eight threads");
  return pass();
}

Outcome instancesInParallel(Session& session) {
  return withInstance(session, [](Subject& subject, jn_instance* first) -> Outcome {
    Answers expected;
    if (Outcome o = answersOf(subject, first, expected); o.verdict != Verdict::Pass) return o;
    std::vector<jn_instance*> instances;
    for (int i = 0; i < 8; ++i) instances.push_back(subject.instance());
    if (std::find(instances.begin(), instances.end(), nullptr) != instances.end()) {
      return fail("makes no eight instances at the same time");
    }
    Outcome outcome = inParallel(subject, instances, expected);
    for (jn_instance* instance : instances) subject.destroy(instance);
    return outcome;
  });
}

Outcome oneInstanceInParallel(Session& session) {
  const Json& json = session.json();
  const bool declared = json.is_object() && json.value("concurrency", Json()) == "parallel";
  if (!declared) return skip("the manifest does not say concurrency \"parallel\"");
  return withInstance(session, [](Subject& subject, jn_instance* instance) -> Outcome {
    Answers expected;
    if (Outcome o = answersOf(subject, instance, expected); o.verdict != Verdict::Pass) return o;
    return inParallel(subject, {instance}, expected);
  });
}

Outcome nothingAfterTheCall(Session& session) {
  Outcome outcome = withInstance(session, [](Subject& subject, jn_instance* instance) {
    for (int round = 0; round < 3; ++round) {
      Outcome one = eachFixture(subject, [&](const Fixture&, const GuardedRequest& request) {
        (void)subject.handle(instance, request);
        return pass();
      });
      if (one.verdict != Verdict::Pass) return one;
    }
    return pass();
  });
  if (auto what = breachOf(Breach::Stale); what && outcome.verdict != Verdict::Fail) {
    return fail(std::move(*what));
  }
  return outcome;
}

std::string judgeStatus(const Handled& handled) {
  if (!knownStatus(handled.status)) return "handle answers " + statusText(handled.status);
  if (handled.status == JN_OK) return {};
  if (!handled.failed) return statusText(handled.status) + " comes without a call of fail";
  if (handled.failed->status != handled.status) {
    return fmt::format("fail was called with {}, handle answers {}",
                       statusText(handled.failed->status), statusText(handled.status));
  }
  if (handled.failed->message.empty()) return "an error has no message";
  return {};
}

Outcome statusesFromTheList(Session& session) {
  Outcome outcome = withInstance(session, [&](Subject& subject, jn_instance* instance) {
    Mutator mutator(session.options().seed);
    return eachFixture(subject, [&](const Fixture& fixture, const GuardedRequest& request) {
      if (auto why = judgeStatus(subject.handle(instance, request)); !why.empty()) return fail(why);
      Delivery changed = *fixture.deliver();
      const std::string whole = changed.body;
      const std::array<std::string, 4> bodies = {"", "nonsense", whole.substr(0, whole.size() / 2),
                                                 mutator.change(whole)};
      for (const std::string& body : bodies) {
        changed.body = body;
        const Handled handled = subject.handle(instance, GuardedRequest(changed));
        if (auto why = judgeStatus(handled); !why.empty()) {
          return fail("a broken body: " + why);
        }
      }
      return pass();
    });
  });
  if (auto what = breachOf(Breach::Status); what && outcome.verdict != Verdict::Fail) {
    return fail(std::move(*what));
  }
  return outcome;
}

Outcome printsNothing(Session& session) {
  if (session.options().in_process) return skip("output is only watched in a child");
  Outcome outcome = withInstance(session, [](Subject& subject, jn_instance* instance) {
    Outcome handled =
        eachFixture(subject, [&](const Fixture& fixture, const GuardedRequest& request) {
          (void)subject.handle(instance, request);
          Delivery broken = *fixture.deliver();
          broken.body = "nonsense";
          (void)subject.handle(instance, GuardedRequest(broken));
          return pass();
        });
    (void)subject.create("{");
    return handled;
  });
  if (outputBytes() > 0) return fail("it printed: " + outputStart(200));
  return outcome;
}

// Memory that grows with the number of calls, however slowly.
Outcome keepsNoMemory(Session& session) {
  const bool pedantic = session.level() == Level::Pedantic;
  const int calls = pedantic ? 100'000 : 20'000;
  constexpr int64_t kNoiseKiB = 256;
  // A garbage-collected heap swings, a leak grows in every round.
  const int rounds = session.declaresGo() ? 3 : 1;
  return withInstance(session, [&](Subject& subject, jn_instance* instance) -> Outcome {
    const auto& list = session.fixtures().list;
    if (list.empty()) return skip("there are no fixtures (see W1)");
    const Fixture& smallest = *std::min_element(
        list.begin(), list.end(),
        [](const Fixture& a, const Fixture& b) { return a.bytes.size() < b.bytes.size(); });
    const GuardedRequest request(*smallest.deliver());
    HandleHow how;
    how.guarded = false;
    const auto call = [&](int times) {
      for (int i = 0; i < times; ++i) {
        if (i % 100 == 0) {
          jn_instance* passing = subject.instance();
          if (passing) subject.destroy(passing);
        }
        (void)subject.handle(instance, request, how);
      }
    };
    call(calls / 5);  // caches are full by then
    int64_t grown = 0;
    for (int round = 0; round < rounds; ++round) {
      const int64_t start = residentKiB();
      call(calls - calls / 5);
      grown = residentKiB() - start;
      if (grown <= kNoiseKiB) return pass();
    }
    return fail(fmt::format("{} KiB more after {} calls", grown, calls - calls / 5));
  });
}

constexpr Check kContractChecks[] = {
    {"C1", Level::Basic, "Two instances share no state.",
     "Keep state in the instance; no static variables that calls change.", instancesApart},
    {"C2", Level::Basic, "An instance can be made and destroyed without a call in between.",
     "create and destroy must pair; put settings the fixtures need into fixtures/settings.json.",
     destroyUnused},
    {"C3", Level::Basic, "Empty, broken, deep and huge settings are refused, not fatal.",
     "Answer JN_E_INVALID, leave *out unset, and name the key in the message.", strangeCreate},
    {"C4", Level::Basic, "Nothing is read past the end of a view: texts do not end with NUL.",
     "Use (ptr, len) everywhere; no strlen, atoi or strtol on views.", staysInViews},
    {"C5", Level::Full, "Eight instances on eight threads answer as one does.",
     "Remove static and global state. A build with -fsanitize=thread names the race.",
     instancesInParallel, 60},
    {"C6", Level::Full, "One instance answers in parallel, if the manifest says it may.",
     "Lock inside the instance, or do not declare concurrency \"parallel\".", oneInstanceInParallel,
     60},
    {"C7", Level::Basic, "Host services and views are not used after their call.",
     "Copy what is needed later; a jn_call is dead when the function returns.",
     nothingAfterTheCall},
    {"C8", Level::Full, "A cancelled call ends soon, with JN_E_CANCELLED, at whatever point.",
     "Return every status a host function gives you as it is.", endsWhenCancelled, 60},
    {"C9", Level::Full, "A call whose deadline has passed ends soon, with JN_E_DEADLINE.",
     "Return every status a host function gives you as it is.", endsWhenLate, 60},
    {"C10", Level::Full, "alloc giving NULL at the n-th call is an error, not a crash.",
     "Test what alloc gives, and answer JN_E_TOO_LARGE.", survivesNoMemory, 60},
    {"C11", Level::Full, "A host service that fails at the n-th call is no crash.",
     "Test every status; outputs are empty when a service fails.", survivesFailingServices, 120},
    {"C12", Level::Full, "A sink that refuses an event ends the output, with its status.",
     "Return the sink's status at once.", stopsAtSinkErrors},
    {"C13", Level::Basic, "Statuses are of the list, and every failure says why.",
     "Call fail with the same status and one line, then return it.", statusesFromTheList},
    {"C14", Level::Basic, "Nothing is written to stdout or stderr.",
     "Use junctor.log/1; remove printf, std::cout and asserts.", printsNothing},
    {"C15", Level::Full, "Memory does not grow with the number of calls.",
     "Free what each call makes. A build with -fsanitize=address names the leak.", keepsNoMemory,
     120},
};

}  // namespace

std::span<const Check> contractChecks() {
  return kContractChecks;
}

}  // namespace junctor::conformance
