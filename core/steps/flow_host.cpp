#include "steps/flow_host.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/log.h"
#include "queue/retry_schedule.h"

namespace junctor::steps {
namespace {

using script::FlowStep;
using End = StepResult::End;
using std::chrono::milliseconds;

constexpr size_t kTasksMax = 100'000;  // at most a few for each delivery under lease
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kStorePauseMs = 1'000;

std::string clipped(std::string text, size_t most) {
  if (text.size() > most) text.resize(most);
  while (!text.empty() && !validUtf8(text)) text.pop_back();
  return text;
}

std::string named(const FlowStep& step) {
  return fmt::format("step {} ({} {})", step.key, step.kind, step.target);
}

store::AttemptRecord dead(std::string reason) {
  store::AttemptRecord record;
  record.state = DeliveryState::Dead;
  record.attempt.error = reason;
  record.reason = std::move(reason);
  return record;
}

store::AttemptRecord finished(const std::string& result_json) {
  store::AttemptRecord record;
  record.state = DeliveryState::Delivered;
  record.attempt.outcome = AttemptOutcome::Delivered;
  record.attempt.response_head = clipped(result_json, limits::kRecordedBodyBytesMax);
  return record;
}

store::AttemptRecord ruleError(const script::RuleError& error) {
  const char* what = error.changed   ? "flow-changed: "
                     : error.crashed ? "rule-crash: "
                                     : "rule-error: ";
  return dead(what + error.rule + ": " + error.message);
}

std::vector<milliseconds> scheduleOf(const script::FlowInfo& info) {
  if (info.retry_waits_ms.empty()) return queue::defaultSchedule();
  std::vector<milliseconds> waits;
  for (const int64_t wait : info.retry_waits_ms) waits.emplace_back(wait);
  return waits;
}

}  // namespace

FlowHost::FlowHost(FlowHostDeps deps)
    : deps_(std::move(deps)),
      rules_(deps_.performer.store, deps_.performer.clock, deps_.shipped, deps_.rules),
      random_(entropy()),
      performer_(std::make_unique<Performer>(deps_.performer)),
      pool_(std::make_unique<WorkerPool>("jn-flows", limits::kFlowThreads, kTasksMax)) {}

FlowHost::~FlowHost() {
  stop();
  finish();
}

void FlowHost::finish() {
  performer_->stop();  // first: what ends there finds the other pool
  pool_->stop();
}

void FlowHost::adopt(flow::RulebookPtr book, delivery::TargetTablePtr targets) {
  performer_->adopt(std::move(targets), book->catalog);
  rules_.adopt(std::move(book));
}

void FlowHost::stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
}

void FlowHost::run(delivery::FlowLease lease) {
  const auto run = std::make_shared<Run>(std::move(lease));
  run->stretch_ends_ms = deps_.performer.clock.monotonicMs() + limits::kFlowStretchMs;
  run->started_at_ms = deps_.performer.clock.unixMs();
  run->advancing = true;
  {
    std::lock_guard lock(mutex_);
    active_[run->delivery().id] = run;
  }
  if (pool_->run([this, run] { begin(run); })) return;
  run->lease.suspend(deps_.performer.clock.unixMs() + kStorePauseMs);
  leave(run);
}

// What was remembered while it was read is newer than what was read.
Result<void> FlowHost::prepare(Run& run) {
  const Delivery& delivery = run.delivery();
  JUNCTOR_TRY(run.flow,
              rules_.find(delivery.tenant, delivery.destination.substr(kFlowPrefix.size()),
                          delivery.rule_version));
  JUNCTOR_TRY(auto steps, deps_.performer.store.listSteps(delivery.id));
  std::lock_guard lock(mutex_);
  for (Step& step : steps) {
    if (delivery.attempts == 0 && step.state == StepState::Open) {
      step.tries = 0;  // a person asked for it again
      step.due_at_ms = 0;
    }
    const std::string key = step.key;
    run.memory.emplace(key, std::move(step));
  }
  return {};
}

void FlowHost::begin(const RunPtr& run) {
  if (const auto prepared = prepare(*run); !prepared) {
    std::lock_guard lock(mutex_);
    const bool gone = prepared.error().code == ErrorCode::NotFound ||
                      prepared.error().code == ErrorCode::InvalidArgument;
    if (gone) run->verdict = dead("flow-gone: " + prepared.error().message);
    run->broken = !gone;
  }
  advance(run);
}

bool FlowHost::over(const Run& run) const {
  return stopping_ || run.broken || run.verdict ||
         deps_.performer.clock.monotonicMs() >= run.stretch_ends_ms;
}

// One at a time of a run, on the pool.
void FlowHost::advance(const RunPtr& run) {
  script::FlowMemory memory;
  bool draining = false;
  {
    std::lock_guard lock(mutex_);
    run->again = false;
    memory = run->memory;
    draining = over(*run);
  }
  std::vector<FlowStep> start;
  if (!draining) start = decide(*run, memory);
  bool again = false;
  bool done = false;
  {
    std::lock_guard lock(mutex_);
    again = run->again && !over(*run);
    done = !again && run->in_flight.empty();
    run->advancing = again || done;  // what ends is not to be advanced
  }
  for (const FlowStep& step : start) startStep(run, step);
  if (again) return post(run);
  if (done) settle(run);
}

void FlowHost::post(const RunPtr& run) {
  if (pool_->run([this, run] { advance(run); })) return;
  std::lock_guard lock(mutex_);
  if (stopping_) return;
  log::error("steps", {{"delivery", run->delivery().id.text()}}, "too much work waits");
}

bool FlowHost::stopping() {
  std::lock_guard lock(mutex_);
  return stopping_;
}

// With the mutex held.
bool FlowHost::mayPost(Run& run) {
  if (std::exchange(run.advancing, true)) {
    run.again = true;
    return false;
  }
  return true;
}

script::Ran<script::FlowRun> FlowHost::runLua(const Run& run, const script::FlowMemory& memory) {
  std::unique_ptr<script::RuleRunner> runner;
  {
    std::lock_guard lock(mutex_);
    if (!runners_.empty()) {
      runner = std::move(runners_.back());
      runners_.pop_back();
    }
  }
  if (!runner) runner = deps_.rules.makeRunner();
  JsonDoc document;
  JsonView payload;
  if (auto parsed = document.parse(run.lease.event->payload())) payload = *parsed;
  auto ran = runner->flow(*run.flow.rules, *run.flow.info, run.lease.event->event, payload, memory);
  std::lock_guard lock(mutex_);
  runners_.push_back(std::move(runner));
  return ran;
}

// The steps that may start now; a verdict if the function is at its end.
std::vector<FlowStep> FlowHost::decide(Run& run, const script::FlowMemory& memory) {
  auto ran = runLua(run, memory);
  std::lock_guard lock(mutex_);
  if (ran.error && ran.error->retry_ms > 0) {  // no process for it now: as after a long sleep
    run.broken = true;
    return {};
  }
  if (ran.error) {
    log::error("steps",
               {{"tenant", run.delivery().tenant},
                {"delivery", run.delivery().id.text()},
                {"rule", ran.error->rule}},
               "{}", ran.error->message);
    run.verdict = ruleError(*ran.error);
    return {};
  }
  if (ran.value.finished) {
    run.verdict = finished(ran.value.result_json);
    return {};
  }
  return startable(run, ran.value.wanted);
}

std::vector<FlowStep> FlowHost::startable(Run& run, const std::vector<FlowStep>& wanted) {
  const int64_t now = deps_.performer.clock.unixMs();
  run.due_at_ms = kNever;
  std::vector<FlowStep> start;
  for (const FlowStep& step : wanted) {
    if (run.in_flight.contains(step.key)) continue;
    const auto known = run.memory.find(step.key);
    if (known != run.memory.end() && isFinished(known->second.state)) {
      run.again = true;  // remembered since the function ran
    } else if (known != run.memory.end() && known->second.due_at_ms > now) {
      run.due_at_ms = std::min(run.due_at_ms, known->second.due_at_ms);
      if (step.kind == "wait") watch({run.delivery().id, run.delivery().tenant, known->second});
    } else {
      run.in_flight.insert(step.key);
      start.push_back(step);
    }
  }
  return start;
}

Step FlowHost::recordOf(const Run& run, const FlowStep& step, int64_t started_ms) {
  std::lock_guard lock(mutex_);
  const auto known = run.memory.find(step.key);
  if (known != run.memory.end()) return known->second;
  Step record;
  record.key = step.key;
  record.kind = step.kind;
  record.target = step.target;
  record.digest = step.digest;
  record.started_at_ms = started_ms;
  return record;
}

void FlowHost::startStep(const RunPtr& run, const FlowStep& step) {
  const int64_t now = deps_.performer.clock.unixMs();
  if (step.kind == "sleep" || step.kind == "wait") {
    Step record = recordOf(*run, step, now);
    if (record.state == StepState::Waiting) {  // and it is due
      record.state = StepState::Done;
      record.ended_at_ms = now;
      record.result_json.clear();
      return put(run, std::move(record));
    }
    record.state = StepState::Waiting;
    record.due_at_ms = now + step.timeout_ms;
    if (step.kind == "wait") return startWaiting(run, step, std::move(record));
    return put(run, std::move(record));
  }
  performer_->perform(
      run->delivery(), run->lease.event, *run->flow.info, step,
      [this, run, step, now](const StepResult& result) { stepEnded(run, step, now, result); });
}

void FlowHost::stepEnded(const RunPtr& run, const FlowStep& step, int64_t started_ms,
                         const StepResult& result) {
  const bool done = result.end == End::Done;
  if (result.cancelled || (!done && stopping())) return untried(run, step);
  const bool degrades = step.optional && result.in_trouble;
  if (result.put_off && !degrades) return put(run, putOff(*run, step, started_ms, result));
  deps_.metrics
      .counter("junctor_flow_steps_total", "Tries of steps of flows",
               {{"kind", step.kind}, {"outcome", done ? "done" : "failed"}})
      .add();
  Step record = recordOf(*run, step, started_ms);
  ++record.tries;
  record.error.clear();
  size_t bytes = result.json.size();
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, one] : run->memory) bytes += one.result_json.size();
  }
  if (!done) {
    record = failedStep(*run, step, std::move(record), result);
  } else if (bytes > limits::kFlowResultsBytesMax) {
    const auto huge = StepResult::failed(End::Never, "the answers of all steps are too long");
    record = failedStep(*run, step, std::move(record), huge);
  } else {
    record.state = StepState::Done;
    record.ended_at_ms = deps_.performer.clock.unixMs();
    record.result_json = result.json;
  }
  put(run, std::move(record));
}

void FlowHost::untried(const RunPtr& run, const FlowStep& step) {
  bool posts = false;
  {
    std::lock_guard lock(mutex_);
    run->in_flight.erase(step.key);
    run->broken = true;
    posts = mayPost(*run);
  }
  if (posts) post(run);
}

// It costs no try.
Step FlowHost::putOff(const Run& run, const FlowStep& step, int64_t started_ms,
                      const StepResult& result) {
  Step record = recordOf(run, step, started_ms);
  record.state = StepState::Open;
  record.error = clipped(result.error, limits::kRuleErrorBytesMax);
  record.due_at_ms = deps_.performer.clock.unixMs() + result.retry_after->count();
  return record;
}

// Tried again, given up, or the end of the flow.
Step FlowHost::failedStep(Run& run, const FlowStep& step, Step record, const StepResult& result) {
  const int64_t now = deps_.performer.clock.unixMs();
  const auto schedule = scheduleOf(*run.flow.info);
  const int own = step.optional ? 1 : static_cast<int>(schedule.size());
  const int tries_max = step.tries > 0 ? step.tries : own;
  const bool last = result.end == End::Never || result.put_off || record.tries >= tries_max;
  record.error = clipped(result.error, limits::kRuleErrorBytesMax);
  if (last && step.optional) {
    record.state = StepState::Failed;
    record.ended_at_ms = now;
    return record;
  }
  const std::string what = named(step) + ": " + record.error;
  std::lock_guard lock(mutex_);
  const int index = std::min(record.tries, static_cast<int>(schedule.size()) - 1);
  const auto wait = queue::nextWait(schedule, index, random_.unit(), result.retry_after);
  record.state = StepState::Open;
  record.due_at_ms = last ? now : now + wait->count();
  store::AttemptRecord attempt =
      last ? dead((result.end == End::Never ? "" : "attempts-exhausted: ") + what)
           : store::AttemptRecord();
  attempt.attempt.outcome = result.outcome;
  attempt.attempt.status = result.status;
  attempt.attempt.error = what;
  (last ? run.verdict : run.failed) = std::move(attempt);
  return record;
}

void FlowHost::put(const RunPtr& run, Step record) {
  deps_.performer.store.putSteps(
      run->delivery().id, {record}, std::nullopt,
      [this, run, record](const Result<void>& stored) { remembered(run, record, stored); });
}

// On the store's writer thread. What is finished there already was so by an event that came: the
// next lease finds it.
void FlowHost::remembered(const RunPtr& run, const Step& record, const Result<void>& stored) {
  bool posts = false;
  {
    std::lock_guard lock(mutex_);
    run->in_flight.erase(record.key);
    if (stored) {
      run->memory[record.key] = record;
    } else {
      run->broken = true;
      log::warn("steps", {{"delivery", run->delivery().id.text()}}, "step {} not remembered: {}",
                record.key, stored.error().message);
    }
    posts = mayPost(*run);
  }
  if (posts) post(run);
}

// Nothing is in flight, nothing may start.
void FlowHost::settle(const RunPtr& run) {
  std::optional<store::AttemptRecord> record;
  int64_t due = 0;
  bool stored = true;  // the store says already when it is due
  {
    std::lock_guard lock(mutex_);
    const int64_t now = deps_.performer.clock.unixMs();
    const bool early = over(*run);
    record = run->verdict ? run->verdict : run->failed;
    due = run->broken                         ? now + kStorePauseMs
          : early || run->due_at_ms == kNever ? now
                                              : run->due_at_ms;
    stored = early;
  }
  if (record) return conclude(run, std::move(*record), due);
  if (stored) {
    run->lease.suspend(due);
    return leave(run);
  }
  deps_.performer.store.putSteps(run->delivery().id, {}, due, [this, run, due](const auto& put) {
    suspend(run, put ? due : deps_.performer.clock.unixMs() + kStorePauseMs);
  });
}

void FlowHost::conclude(const RunPtr& run, store::AttemptRecord record, int64_t due_at_ms) {
  const int64_t now = deps_.performer.clock.unixMs();
  record.attempt.started_at_ms = run->started_at_ms;
  record.attempt.latency_us = (now - run->started_at_ms) * 1000;
  if (record.state == DeliveryState::Pending) {
    record.next_at_ms = due_at_ms;
  } else {
    board_.removeAll(run->delivery().id);
  }
  run->lease.conclude(std::move(record));
  leave(run);
}

void FlowHost::suspend(const RunPtr& run, int64_t due_at_ms) {
  bool again = false;
  {
    std::lock_guard lock(mutex_);
    again = std::exchange(run->again, false) && !over(*run);
  }
  if (again) return post(run);
  run->lease.suspend(due_at_ms);
  leave(run);
}

// What came at the last moment wakes it once more.
void FlowHost::leave(const RunPtr& run) {
  const DeliveryId id = run->delivery().id;
  bool again = false;
  {
    std::lock_guard lock(mutex_);
    const auto found = active_.find(id);
    if (found != active_.end() && found->second == run) active_.erase(found);
    again = run->again;
  }
  if (!again) return;
  deps_.performer.store.putSteps(id, {}, deps_.performer.clock.unixMs(),
                                 [this](const Result<void>&) { deps_.wake(); });
}

}  // namespace junctor::steps
