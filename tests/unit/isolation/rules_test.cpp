// Rules in worker processes: the same as in this one, and what ends a worker ends nothing else.
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "attack_suite.h"
#include "base/clock.h"
#include "base/files.h"
#include "isolation/rule_host.h"

namespace junctor::testing {
namespace {

using namespace junctor::script;

constexpr const char* kRunner = JUNCTOR_BINARY_DIR "/bin/junctor-runner";
constexpr const char* kBombRunner = JUNCTOR_BINARY_DIR "/tests/bomb-runner";

struct Workers {
  std::map<std::string, std::string> saved;
  std::unique_ptr<isolation::RuleWorkers> host;
  int64_t kill_ms;  // 0 = as the server's

  explicit Workers(const char* runner = kRunner, int64_t kill_after_ms = 0)
      : kill_ms(kill_after_ms), runner_(runner) {
    start();
  }
  void start() {
    host.reset();
    isolation::RuleWorkersOptions options;
    options.runner = runner_;
    options.quarantined = saved;
    options.save_quarantine = [this](const std::string& key, const std::string& cause) {
      if (cause.empty()) {
        saved.erase(key);
      } else {
        saved[key] = cause;
      }
    };
    if (kill_ms > 0) options.kill_ms = kill_ms;
    host = std::make_unique<isolation::RuleWorkers>(std::move(options), systemClock());
  }
  RulesetPtr compile(const std::string& source, const std::string& tenant = "acme") {
    auto rules = host->compile({{tenant, "rule", source, "v1"}}, {}, nullptr);
    if (!rules) FAIL(rules.error().message);
    return *rules;
  }

 private:
  const char* runner_;
};

std::string told(const std::optional<RuleError>& error) {
  if (!error) return "none";
  return error->rule + "|" + error->message + (error->budget ? "|budget" : "") +
         (error->changed ? "|changed" : "");
}

// All that a run made, as text.
std::string told(const Event& event, const RuleTask& task, const Trace& trace) {
  std::ostringstream out;
  out << task.normalized.value << ' ' << told(task.normalized.error) << ' '
      << told(task.routed.error) << '\n'
      << event.type << ' ' << event.occurred_at_ms << ' ' << event.resource.type << '/'
      << event.resource.id << ' ' << event.actor_json << ' ' << event.data_json << '\n';
  const Routed& routed = task.routed.value;
  out << routed.dropped << ' ' << routed.reason << ' ' << routed.route << '\n';
  for (const RouteTarget& target : routed.targets) {
    out << target.destination << ' ' << target.route << ' ' << target.rule_version << ' '
        << target.order_key << ' ' << target.mapping << ' ' << target.body_json << ' '
        << target.problem << ' ' << static_cast<int>(target.priority) << target.latest_only << '\n';
  }
  out << "fuel " << task.fuel << ' ' << trace.fuel << '\n';
  for (const std::string& line : trace.lines) out << line << '\n';
  for (const auto& read : trace.reads) {
    out << read.path << '=' << read.value << 'x' << read.times << '\n';
  }
  for (const auto& clause : trace.clauses) {
    out << clause.route << ' ' << clause.path << ' ' << clause.value << clause.matched << '\n';
  }
  for (const auto& [script, lines] : trace.hits) {
    for (const auto& [line, times] : lines) out << script << ':' << line << 'x' << times << '\n';
  }
  for (const auto& mapped : trace.mapped) {
    out << mapped.destination << ' ' << mapped.mapping;
    for (const auto& issue : mapped.issues) out << ' ' << issue.path << ' ' << issue.detail;
    for (const auto& origin : mapped.origins) out << ' ' << origin.output << ' ' << origin.index;
    out << '\n';
  }
  return out.str();
}

std::string runTold(RuleRunner& runner, const Ruleset& rules, Event event, JsonView payload,
                    int level) {
  Trace trace;
  trace.details = level == 2;
  RuleTask task{&rules, &event, payload, level == 0 ? nullptr : &trace};
  runner.run({&task, 1});
  return told(event, task, trace);
}

std::vector<std::string> fixtures() {
  std::vector<std::string> all;
  for (const char* connector : {"github", "stripe", "zendesk", "slack", "hubspot", "shopify"}) {
    const std::string folder =
        std::string(JUNCTOR_SOURCE_DIR "/plugins/") + connector + "/fixtures";
    const auto files = listFolder(folder);
    REQUIRE(files);
    for (const std::string& file : *files) {
      if (!file.ends_with(".json")) continue;
      if (auto text = readFile(folder + "/" + file)) all.push_back(*text);
    }
  }
  return all;
}

std::vector<RuleScript> cookbook() {
  std::vector<RuleScript> all;
  const std::string folder = JUNCTOR_SOURCE_DIR "/scripts/cookbook/rules";
  const auto files = listFolder(folder);
  REQUIRE(files);
  for (const std::string& file : *files) {
    if (!file.ends_with(".lua") || file.ends_with("_test.lua")) continue;
    all.push_back({"acme", file.substr(0, file.size() - 4), *readFile(folder + "/" + file), "v1"});
  }
  return all;
}

Surroundings cookbookSurroundings() {
  std::vector<std::string> problems;
  Surroundings out;
  out.mappings = mapping::Book::shipped(JUNCTOR_SOURCE_DIR "/scripts/mappings", problems);
  const auto accounts = readFile(JUNCTOR_SOURCE_DIR "/scripts/cookbook/tables/accounts.json");
  REQUIRE(accounts);
  out.tables.push_back({"accounts", *accounts});
  return out;
}

// Kills what it loops on; `n` of the payload says how long.
constexpr const char* kLooper = R"(return jn.normalize { accepts = {}, event = function(ev)
  local x = 0
  for i = 1, ev.n do x = x + i % 7 end
  return { x = x }
end })";

constexpr RuleBudget kLong{1'000'000'000, 5'000, limits::kRuleMemoryBytesMax};

std::string outcome(RuleRunner& runner, const Ruleset& rules, const std::string& payload) {
  Stage stage(payload);
  const auto ran = runner.normalize(rules, stage.event, stage.payload);
  if (!ran.error) return stage.event.data_json;
  if (ran.error->retry_ms > 0) return "later: " + ran.error->message;
  return (ran.error->crashed ? "crash: " : "error: ") + ran.error->message;
}

// As whoever plans events does it: what is put off is asked for again.
std::string patientOutcome(RuleRunner& runner, const Ruleset& rules, const std::string& payload) {
  std::string made;
  do {
    made = outcome(runner, rules, payload);
  } while (made.starts_with("later: "));
  return made;
}

constexpr const char* kBomb = R"({"n":1000000000000})";

}  // namespace

TEST_CASE("every attack is stopped in a worker process, too", "[rules][attack]") {
  Workers workers;
  runAttacks(*workers.host);
  CHECK(workers.saved.empty());
  CHECK(workers.host->describe().find("ended theirs") == std::string::npos);
}

TEST_CASE("cookbook and fixtures run the same in both modes: results, fuel, traces", "[rules]") {
  Workers workers;
  const auto scripts = cookbook();
  const auto surroundings = cookbookSurroundings();
  const auto here = localRules().compile(scripts, surroundings);
  const auto there = workers.host->compile(scripts, surroundings, nullptr);
  REQUIRE(here);
  REQUIRE(there);
  CHECK((*here)->routeCount() == (*there)->routeCount());
  CHECK((*here)->destinations() == (*there)->destinations());
  CHECK((*here)->versionText() == (*there)->versionText());
  CHECK((*here)->mappings().size() == (*there)->mappings().size());
  REQUIRE((*there)->flowCount() == (*here)->flowCount());
  const auto near = localRules().makeRunner();
  const auto far = workers.host->makeRunner({});
  size_t targets = 0;
  for (const std::string& fixture : fixtures()) {
    Stage stage(fixture);
    for (const char* source : {"github", "stripe", "zendesk", "shopify", "generic"}) {
      stage.event.source = source;
      for (const char* type : {"ticket.created", "push", "invoice.paid", "customer.updated"}) {
        stage.event.type = type;
        for (const int level : {0, 1, 2}) {
          INFO(source << ' ' << type << ' ' << level << ' ' << fixture.substr(0, 200));
          const std::string local = runTold(*near, **here, stage.event, stage.payload, level);
          CHECK(local == runTold(*far, **there, stage.event, stage.payload, level));
          targets += static_cast<size_t>(std::count(local.begin(), local.end(), '\n'));
        }
      }
    }
  }
  CHECK(targets > 1'000);
}

TEST_CASE("the cookbook's own tests run the same in both modes", "[rules]") {
  Workers workers;
  const auto surroundings = cookbookSurroundings();
  size_t tests = 0;
  for (const RuleScript& script : cookbook()) {
    INFO(script.name);
    const auto text =
        readFile(JUNCTOR_SOURCE_DIR "/scripts/cookbook/rules/" + script.name + "_test.lua");
    REQUIRE(text);
    const std::vector<RuleScript> beside = {{"acme", script.name + "_test", *text, "v1"}};
    const auto here = localRules().compile({script}, surroundings);
    const auto there = workers.host->compile({script}, surroundings, nullptr);
    REQUIRE(here);
    REQUIRE(there);
    const TestReport local = localRules().runTests(**here, beside, true);
    const TestReport remote = workers.host->runTests(**there, beside, true);
    CHECK(local.passed());
    CHECK(remote.passed());
    REQUIRE(local.results.size() == remote.results.size());
    tests += local.results.size();
    for (size_t i = 0; i < local.results.size(); ++i) {
      CHECK(local.results[i].name == remote.results[i].name);
      CHECK(local.results[i].fuel == remote.results[i].fuel);
    }
    REQUIRE(local.coverage.size() == remote.coverage.size());
    for (const auto& [name, one] : local.coverage) {
      CHECK(one.hits == remote.coverage.at(name).hits);
    }
  }
  CHECK(tests >= 30);
}

TEST_CASE("flows and conversions run the same in a worker", "[rules]") {
  Workers workers;
  const std::string source = R"(
    jn.map { version = 1, entity = "ticket",
      desk = { object = "T", fields = { subject = "title" } },
      after_out = function(out) out.added = 1 end }
    return jn.flow { name = "x", when = {}, run = function(event, f)
      local a = f.call("agent", { n = event.payload.n })
      return { said = a.text }
    end })";
  const auto rules = workers.compile(source);
  const auto runner = workers.host->makeRunner({});
  Stage stage(R"({"n":9007199254740993})");
  const FlowInfo* info = rules->flow("x", "rule@v1");
  REQUIRE(info != nullptr);
  FlowMemory memory;
  auto ran = runner->flow(*rules, *info, stage.event, stage.payload, memory);
  REQUIRE(!ran.error);
  REQUIRE(ran.value.wanted.size() == 1);
  const FlowStep& asked = ran.value.wanted.front();
  CHECK(asked.args_json == R"({"n":9007199254740993})");
  memory["1"] = {
      "1", asked.kind, asked.target, asked.digest, StepState::Done, 1, 1, 2, 0, R"({"text":"hi"})",
      ""};
  ran = runner->flow(*rules, *info, stage.event, stage.payload, memory);
  REQUIRE(!ran.error);
  CHECK(ran.value.finished);
  CHECK(ran.value.result_json == R"({"said":"hi"})");
  const auto made = runner->convert(*rules, "desk/ticket", mapping::Direction::ToExternal,
                                    *mapping::parseValue(R"({"subject":"s"})"));
  REQUIRE(!made.error);
  CHECK(mapping::toJson(made.value.output) == R"({"added":1,"title":"s"})");
}

TEST_CASE("an event that ends its worker twice is a dead letter, its neighbours are not",
          "[rules]") {
  Workers workers(kBombRunner);
  const auto acme = workers.compile(kLooper, "acme");
  const auto other = workers.compile(kLooper, "other");
  const auto runner = workers.host->makeRunner(kLong);
  std::vector<std::unique_ptr<Stage>> stages;
  std::vector<RuleTask> tasks;
  for (int i = 0; i < 20; ++i) {
    stages.push_back(std::make_unique<Stage>(i == 7 ? kBomb : R"({"n":10})"));
    const Ruleset& rules = i % 2 == 0 ? *other : *acme;
    tasks.push_back({&rules, &stages.back()->event, stages.back()->payload});
  }
  runner->run(tasks);
  for (int i = 0; i < 20; ++i) {
    INFO(i);
    const auto& error = tasks[static_cast<size_t>(i)].error();
    if (i == 7) {
      REQUIRE(error);
      CHECK(error->crashed);
      CHECK(error->message.find("died of SIGVTALRM; alone, it died of SIGVTALRM") !=
            std::string::npos);
    } else if (i > 7 && i % 2 == 1) {  // the same rules wait a moment
      REQUIRE(error);
      CHECK(error->retry_ms > 0);
    } else {
      CHECK(!error);
      CHECK(stages[static_cast<size_t>(i)]->event.data_json == R"({"x":27})");
    }
  }
  CHECK(patientOutcome(*runner, *acme, R"({"n":10})") == R"({"x":27})");
  CHECK(workers.saved.empty());
}

TEST_CASE("rules whose events end workers again and again are quarantined until released",
          "[rules]") {
  Workers workers(kBombRunner);
  auto acme = workers.compile(kLooper, "acme");
  auto other = workers.compile(kLooper, "other");
  auto runner = workers.host->makeRunner(kLong);
  for (size_t i = 0; i < limits::kConnectorCrashesMax; ++i) {
    CHECK(patientOutcome(*runner, *acme, kBomb).starts_with("crash: its process"));
  }
  CHECK(outcome(*runner, *acme, R"({"n":1})").starts_with("crash: quarantined: 5 events ended"));
  CHECK(outcome(*runner, *other, R"({"n":10})") == R"({"x":27})");
  REQUIRE(workers.saved.size() == 1);
  CHECK(workers.saved.begin()->first.starts_with("acme@"));
  CHECK(workers.host->describe().find("acme@") != std::string::npos);

  runner.reset();
  acme.reset();
  other.reset();
  workers.start();
  acme = workers.compile(kLooper, "acme");
  runner = workers.host->makeRunner(kLong);
  CHECK(outcome(*runner, *acme, R"({"n":1})").starts_with("crash: quarantined: "));
  const auto mended = workers.compile(std::string(kLooper) + " -- mended", "acme");
  CHECK(workers.host->release("nobody").error().code == ErrorCode::NotFound);
  REQUIRE(workers.host->release("acme"));
  CHECK(workers.saved.empty());
  CHECK(outcome(*runner, *acme, R"({"n":10})") == R"({"x":27})");
  CHECK(outcome(*runner, *mended, R"({"n":10})") == R"({"x":27})");
}

TEST_CASE("a worker that is killed from outside is nobody's fault", "[rules]") {
  Workers workers;
  const auto rules = workers.compile(kLooper);
  const auto runner = workers.host->makeRunner({});
  for (int i = 0; i < 8; ++i) {
    CHECK(outcome(*runner, *rules, R"({"n":10})") == R"({"x":27})");
    for (const int pid : workers.host->pidsForTest()) ::kill(pid, SIGKILL);
  }
  CHECK(workers.host->quarantined().empty());
}

TEST_CASE("a worker that stands still is killed and its event runs in another", "[rules]") {
  Workers workers(kRunner, 100);
  const auto rules = workers.compile(kLooper);
  const auto runner = workers.host->makeRunner({});
  REQUIRE(outcome(*runner, *rules, R"({"n":10})") == R"({"x":27})");
  for (const int pid : workers.host->pidsForTest()) ::kill(pid, SIGSTOP);
  CHECK(outcome(*runner, *rules, R"({"n":10})") == R"({"x":27})");
}

TEST_CASE("events larger than the shared room pass, and many at once", "[rules]") {
  Workers workers;
  const auto rules = workers.compile(
      R"(return jn.normalize { accepts = {}, event = function(ev)
           return { n = #ev.list, last = ev.list[#ev.list], text = #(ev.text or "") } end })");
  const auto runner = workers.host->makeRunner({});
  std::string large = R"({"list":[)";
  for (int i = 0; i < 400'000; ++i) large += std::to_string(i) + ",";
  large += R"("end"],"text":")" + std::string(900'000, 'x') + "\"}";
  CHECK(outcome(*runner, *rules, large) == R"({"last":"end","n":400001,"text":900000})");
  std::vector<std::unique_ptr<Stage>> stages;
  std::vector<RuleTask> tasks;
  for (int i = 0; i < 200; ++i) {
    stages.push_back(std::make_unique<Stage>(R"({"list":[1,"é\u0000",)" + std::to_string(i) +
                                             R"(],"text":")" + std::string(60'000, 'y') + "\"}"));
    tasks.push_back({rules.get(), &stages.back()->event, stages.back()->payload});
  }
  runner->run(tasks);
  for (int i = 0; i < 200; ++i) {
    CHECK(stages[static_cast<size_t>(i)]->event.data_json ==
          R"({"last":)" + std::to_string(i) + R"(,"n":3,"text":60000})");
  }
}

TEST_CASE("a rule worker is locked in", "[rules]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  const char* const expected = "no seccomp, landlock";  // a sanitizer needs its system calls
#else
  const char* const expected = "own processes (seccomp, landlock";
#endif
  Workers workers;
  (void)workers.compile(kLooper);
  INFO(workers.host->describe());
  CHECK(workers.host->describe().find(expected) != std::string::npos);
}

TEST_CASE("without a runner nothing runs, and is asked for again", "[rules]") {
  Workers workers("/nonexistent/junctor-runner");
  const auto refused = workers.host->compile({{"t", "rule", kLooper, "v1"}}, {}, nullptr);
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::Unavailable);
}

}  // namespace junctor::testing
