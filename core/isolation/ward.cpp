#include "isolation/ward.h"

#include <fmt/core.h>

#include "base/limits.h"
#include "base/log.h"
#include "plugin/verdict.h"

namespace junctor::isolation {
namespace {

// A call that keeps losing its process to others waits for calmer times.
constexpr int kTriesMax = 4;
constexpr int64_t kHostTroubleMs = 1'000;  // no process to be had: try again then

}  // namespace

Ward::Ward(const WardDeps& deps, Code code, std::string name)
    : deps_(deps),
      code_(std::move(code)),
      name_(std::move(name)),
      key_(Quarantine::keyOf(code_.id, code_.version)) {}

Ward::~Ward() = default;

Result<void> Ward::start() {
  auto started = startChild();
  if (!started.child) return std::move(started.error);
  Lock lock(mutex_);
  child_ = std::move(started.child);
  started_ms_ = deps_.child.clock.monotonicMs();
  return {};
}

Child::Started Ward::startChild() {
  return Child::start(deps_.child, code_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    std::shared_ptr<Child> child;
    {
      Lock lock(self->mutex_);
      child = self->child_;
    }
    if (child && child->dead()) self->noteEnd(child);
  });
}

Ward::Begun Ward::begin(const Spec& spec, const CallTerms& terms, const std::string& payload) {
  std::shared_ptr<Child> child;
  {
    Lock lock(mutex_);
    child = child_;
  }
  auto call = std::make_shared<ChildCall>();
  call->spec = spec;
  call->terms = terms;
  if (!child || !child->begin(call, payload, false)) return {};
  return {std::move(child), std::move(call)};
}

ChildCallPtr Ward::callOf(const Order& order) {
  auto call = std::make_shared<ChildCall>();
  call->spec = order.spec;
  call->terms = order.terms;
  return call;
}

Result<Ward::Answers> Ward::run(const Spec& spec, const CallTerms& terms, const Pack& pack,
                                Begun begun) {
  const Order order{spec, terms, pack};
  for (int attempt = 0; attempt < kTriesMax; ++attempt) {
    if (!begun.call) {
      JUNCTOR_TRY(begun.child, running());
      begun.call = callOf(order);
      if (!begun.child->begin(begun.call, pack ? pack() : std::string(), true)) {
        noteEnd(begun.child);
        begun = {};
        continue;
      }
    }
    begun.child->await(begun.call);
    if (begun.call->state == ChildCall::State::Answered) {
      stopIfRetired();
      return Answers{std::move(begun.call->created), std::move(begun.call->done)};
    }
    noteEnd(begun.child);
    if (begun.call->state == ChildCall::State::Suspect) {
      return suspected(order, *begun.call, begun.child->end());
    }
    begun = {};
  }
  return plugin::restartingError(std::chrono::milliseconds(limits::kConnectorBackoffMinMs),
                                 name_ + " crashes again and again under other calls");
}

// Its process ended while it ran: once more, alone, unless that could do harm.
Result<Ward::Answers> Ward::suspected(const Order& order, const ChildCall& call,
                                      const std::string& cause) {
  const CallTerms& terms = order.terms;
  if (terms.cancelled && terms.cancelled->load()) {
    return makeError(ErrorCode::Cancelled, name_ + ": its process " + cause);
  }
  if (terms.record && !terms.record->repeatable()) {
    return plugin::crashedError(fmt::format(
        "{}: its process {}, after a request was sent that must not be repeated", name_, cause));
  }
  if (!terms.no_io && call.late) {
    return plugin::crashedError(fmt::format("{}: its process {}", name_, cause));
  }
  const uint32_t sent_before = terms.record ? std::exchange(terms.record->requests_sent, 0) : 0;
  auto answers = runAlone(order, cause);
  if (terms.record) terms.record->requests_sent += sent_before;
  return answers;
}

Result<Ward::Answers> Ward::runAlone(const Order& order, const std::string& cause) {
  const auto alone = Child::start(deps_.child, code_);
  if (!alone.child) {
    return plugin::restartingError(std::chrono::milliseconds(kHostTroubleMs), alone.error.message);
  }
  const ChildCallPtr call = callOf(order);
  if (alone.child->begin(call, order.pack ? order.pack() : std::string(), true)) {
    alone.child->await(call);
  }
  if (call->state == ChildCall::State::Answered) {
    return Answers{std::move(call->created), std::move(call->done)};
  }
  return plugin::crashedError(
      fmt::format("{}: its process {}; alone, it {}", name_, cause, alone.child->end()));
}

Result<std::shared_ptr<Child>> Ward::running() {
  for (;;) {
    if (const auto cause = deps_.quarantine.causeOf(key_)) {
      return plugin::quarantinedError(fmt::format("{}: {}", name_, *cause));
    }
    Lock lock(mutex_);
    if (child_ && !child_->dead()) return child_;
    if (const auto ended = child_) {
      lock.unlock();
      noteEnd(ended);
      continue;
    }
    if (starting_) {
      changed_.wait(lock);
      continue;
    }
    const int64_t now_ms = deps_.child.clock.monotonicMs();
    if (now_ms < not_before_ms_) return refuseToWait(now_ms, last_cause_);
    starting_ = true;
    started_ms_ = now_ms;
    lock.unlock();
    auto started = startChild();
    lock.lock();
    starting_ = false;
    changed_.notify_all();
    if (started.child) return child_ = std::move(started.child);
    if (started.blamed) {
      noteCrash(started.error.message);
    } else {
      not_before_ms_ = now_ms + kHostTroubleMs;
      log::error("isolation", {{"connector", code_.id}}, "{}", started.error.message);
    }
    return refuseToWait(now_ms, started.error.message);
  }
}

Error Ward::refuseToWait(int64_t now_ms, const std::string& cause) const {
  const int64_t wait_ms = std::max<int64_t>(not_before_ms_ - now_ms, 1);
  return plugin::restartingError(std::chrono::milliseconds(wait_ms),
                                 fmt::format("{}: {}", name_, cause));
}

void Ward::noteEnd(const std::shared_ptr<Child>& child) {
  Lock lock(mutex_);
  if (child_ != child) return;  // noted before
  child_.reset();
  noteCrash("its process " + child->end());
}

// The caller holds the lock.
void Ward::noteCrash(const std::string& cause) {
  history_.crashed(deps_.child.clock.monotonicMs());
  not_before_ms_ = started_ms_ + history_.backoffMs();
  last_cause_ = cause;
  log::error("isolation", {{"connector", code_.id}, {"version", code_.version}}, "{}", cause);
  if (!history_.tooMany()) return;
  deps_.quarantine.put(
      key_, fmt::format("{} crashes in 10 minutes, the last one: {}", history_.recent(), cause));
  log::error("isolation", {{"connector", code_.id}, {"version", code_.version}},
             "quarantined: it does not run until it is released or replaced");
}

bool Ward::refusesNow() const {
  if (deps_.quarantine.causeOf(key_)) return true;
  Lock lock(mutex_);
  return !child_ && !starting_ && deps_.child.clock.monotonicMs() < not_before_ms_;
}

void Ward::destroyInstance(uint64_t instance) {
  std::shared_ptr<Child> child;
  {
    Lock lock(mutex_);
    child = child_;
  }
  if (child) child->destroyInstance(instance);
}

void Ward::retire() {
  {
    Lock lock(mutex_);
    retired_ = true;
  }
  stopIfRetired();
}

void Ward::stopIfRetired() {
  Lock lock(mutex_);
  if (!retired_ || !child_ || child_->inFlight() > 0) return;
  const auto child = std::exchange(child_, nullptr);
  lock.unlock();
  child->stop();
}

void Ward::pardon() {
  Lock lock(mutex_);
  history_.clear();
  not_before_ms_ = 0;
}

std::string Ward::describe() const {
  if (const auto cause = deps_.quarantine.causeOf(key_)) return "quarantined: " + *cause;
  Lock lock(mutex_);
  std::string text =
      child_ ? "own process (" + child_->lockdown().describe() + ")" : "own process, not running";
  if (history_.recent() > 0) {
    text += fmt::format(", {} crashes, the last one: {}", history_.recent(), last_cause_);
  }
  return text;
}

pid_t Ward::pidForTest() const {
  Lock lock(mutex_);
  return child_ && !child_->dead() ? child_->pid() : -1;
}

size_t Ward::crashesForTest() const {
  Lock lock(mutex_);
  return history_.recent();
}

}  // namespace junctor::isolation
