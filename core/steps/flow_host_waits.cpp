// Waits: the next event that matches ends them. What the store holds is looked through when a wait
// begins, and the newest of it after a restart; from then on every event that becomes durable is
// shown to the board.
#include "base/limits.h"
#include "base/log.h"
#include "steps/flow_host.h"

namespace junctor::steps {
namespace {

constexpr size_t kNewestMax = 1'000;  // far more than are under way at any moment

}  // namespace

// What a process that was killed had no time to show to the waits is among the newest events.
void FlowHost::start() {
  auto waiting = deps_.performer.store.waitingSteps();
  if (!waiting) return log::error("steps", {}, "cannot read waits: {}", waiting.error().message);
  std::set<std::string> tenants;
  for (const WaitingStep& one : *waiting) {
    if (auto wait = readWait(one)) (void)board_.add(*wait);
    tenants.insert(one.tenant);
  }
  for (const std::string& tenant : tenants) {
    (void)pool_->run([this, tenant] { showNewest(tenant); });
  }
}

void FlowHost::showNewest(const std::string& tenant) {
  store::EventQuery query;
  query.tenant = tenant;
  query.limit = limits::kPageMax;
  std::vector<EventPtr> newest;
  do {
    const auto page = deps_.performer.store.listEvents(query);
    if (!page) return log::error("steps", {}, "cannot look back: {}", page.error().message);
    for (const Event& event : page->items) {
      if (auto envelope = deps_.performer.store.loadEvent(tenant, event.id)) {
        newest.push_back(*std::move(envelope));
      }
    }
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty() && newest.size() < kNewestMax);
  for (auto event = newest.rbegin(); event != newest.rend(); ++event) {
    for (const Wait& wait : board_.endedBy(**event)) endWait(wait, **event);
  }
}

// False: the tenant waits for too much already.
bool FlowHost::watch(const WaitingStep& waiting) {
  auto wait = readWait(waiting);
  if (!wait) {
    log::error("steps", {{"delivery", waiting.delivery_id.text()}}, "a wait cannot be read: {}",
               wait.error().message);
    return true;  // it ends at its time
  }
  switch (board_.add(*wait)) {
    case WaitBoard::Added::Full:
      return false;
    case WaitBoard::Added::New:
      (void)pool_->run([this, wait = *std::move(wait)] { lookBack(wait); });
      return true;
    case WaitBoard::Added::Known:
      return true;
  }
  return true;
}

// An event that ends it before it is stored makes it refused there, as finished.
void FlowHost::startWaiting(const RunPtr& run, const script::FlowStep& step, Step record) {
  record.result_json = waitJson(step.args_json, step.since_key);
  if (!watch({run->delivery().id, run->delivery().tenant, record})) {
    return stepEnded(
        run, step, record.started_at_ms,
        StepResult::failed(StepResult::End::Again, "the tenant's flows wait too much"));
  }
  put(run, std::move(record));
}

void FlowHost::onStored(const Event& event, const RawRequestPtr& request) {
  if (!board_.interested(event.tenant)) return;
  auto envelope = std::make_shared<const EventEnvelope>(EventEnvelope{event, request});
  (void)pool_->run([this, envelope] {
    for (const Wait& wait : board_.endedBy(*envelope)) endWait(wait, *envelope);
  });
}

// The first that matched since the step before began.
void FlowHost::lookBack(const Wait& wait) {
  store::EventQuery query;
  query.tenant = wait.tenant;
  const bool plain = wait.type.find_first_of("{\\") == std::string::npos;
  if (plain) query.type = wait.type;
  query.since_ms = wait.since_key >> 12;
  query.limit = limits::kPageMax;
  EventPtr first;
  size_t seen = 0;
  do {
    const auto page = deps_.performer.store.listEvents(query);
    if (!page) return log::error("steps", {}, "cannot look back: {}", page.error().message);
    for (const Event& event : page->items) {
      if (event.id.orderKey() <= wait.since_key) continue;
      auto envelope = deps_.performer.store.loadEvent(wait.tenant, event.id);
      if (envelope && wait.endedBy(**envelope)) first = *envelope;
    }
    seen += page->items.size();
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty() && seen < limits::kFlowWaitEventsMax);
  if (first) endWait(wait, *first);
}

void FlowHost::endWait(const Wait& wait, const EventEnvelope& event) {
  const int64_t now = deps_.performer.clock.unixMs();
  Step step = wait.step;
  step.state = StepState::Done;
  step.ended_at_ms = now;
  step.result_json = script::waitAnswer(event);
  deps_.performer.store.putSteps(
      wait.delivery, {step}, now,
      [this, wait, step](const Result<void>& stored) { waitOver(wait, step, stored); });
}

// On the store's writer thread. Refused: it was over before, or its delivery is.
void FlowHost::waitOver(const Wait& wait, const Step& step, const Result<void>& stored) {
  const bool over = stored || stored.error().code == ErrorCode::AlreadyExists ||
                    stored.error().code == ErrorCode::InvalidArgument ||
                    stored.error().code == ErrorCode::NotFound;
  if (!over) {
    return log::error("steps", {{"delivery", wait.delivery.text()}},
                      "an event for a wait is lost: {}", stored.error().message);
  }
  board_.remove(wait.delivery, step.key);
  if (!stored) return;
  RunPtr run;
  {
    std::lock_guard lock(mutex_);
    const auto found = active_.find(wait.delivery);
    if (found != active_.end()) {
      found->second->memory[step.key] = step;
      if (mayPost(*found->second)) run = found->second;
    }
  }
  if (run) post(run);
  deps_.wake();
}

}  // namespace junctor::steps
