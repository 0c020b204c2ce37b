#include "isolation/child.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "base/process_cpu.h"
#include "crypto/secret_bytes.h"
#include "isolation/poll_one.h"
#include "isolation/services.h"

namespace junctor::isolation {
namespace {

constexpr int kExitWaitMs = 100;  // from the end of its connection to the end of a process
constexpr int kSendStepMs = 10;
constexpr int64_t kPatienceMs = 10;      // a call takes microseconds as a rule
constexpr int kCancelLookMs = 20;        // how soon it is noticed that a call was cancelled
constexpr size_t kLogFramesMax = 1'000;  // between two answers; more is no logging
constexpr int64_t kNsPerMs = 1'000'000;
constexpr const char* kNonsense = "spoke nonsense to the host";

log::Level levelOf(uint8_t level) {
  constexpr log::Level kLevels[] = {log::Level::Debug, log::Level::Info, log::Level::Warn,
                                    log::Level::Error};
  return kLevels[std::min<size_t>(level, 3)];
}

int msUntil(int64_t deadline_ns, const Clock& clock) {
  const int64_t left_ns = deadline_ns - clock.monotonicNs();
  return left_ns <= 0 ? 0 : static_cast<int>(left_ns / kNsPerMs + 1);
}

}  // namespace

Child::Child(const ChildDeps& deps, Code code, Descriptor socket, Process process, Board board)
    : deps_(deps),
      code_(std::move(code)),
      clock_(deps.clock),
      channel_(std::move(socket)),
      process_(std::move(process)),
      board_(std::move(board)) {}

Child::~Child() {
  deps_.spawner.forget(process_.handle());
}

Child::Started Child::start(const ChildDeps& deps, const Code& code, std::function<void()> on_end) {
  Descriptor board_file;
  auto board = Board::make(board_file);
  if (!board) return {nullptr, board.error()};
  auto pair = Channel::pair();
  if (!pair) return {nullptr, pair.error()};
  auto process = deps.spawner.spawn(pair->second);
  if (!process) return {nullptr, process.error()};
  pair->second = Descriptor();
  std::shared_ptr<Child> child(
      new Child(deps, code, std::move(pair->first), std::move(*process), std::move(*board)));
  if (auto loaded = child->load(board_file); !loaded) {
    return {nullptr, loaded.error(), child->lockdown_.holds(deps.landlock_min)};
  }
  deps.spawner.watch(child->process_.handle(),
                     {[weak = child->weak_from_this(), on_end = std::move(on_end)] {
                        const auto self = weak.lock();
                        if (!self) return;
                        self->noticeEnd();
                        if (on_end) on_end();
                      },
                      [weak = child->weak_from_this()] {
                        if (const auto self = weak.lock()) self->lookIdle();
                      }});
  return {std::move(child)};
}

Result<void> Child::load(const Descriptor& board) {
  const int64_t deadline_ns = clock_.monotonicNs() + deps_.timing.start_ms * kNsPerMs;
  const LoadMessage message{code_.id, code_.version, code_.threads, deps_.landlock_min,
                            code_.memory_mib};
  channel_.send(FrameKind::Board, 0, {}, false, board.get());
  channel_.send(FrameKind::Load, 0, packLoad(message), false, code_.file->get());
  JUNCTOR_TRY(const Frame locked, expect(FrameKind::Locked, deadline_ns));
  JUNCTOR_TRY(lockdown_, readLocked(locked.payload));
  JUNCTOR_TRY(const Frame loaded, expect(FrameKind::Loaded, deadline_ns));
  Unpacker in(loaded.payload);
  // On success the lockdown comes once more, with the second filter in it.
  if (auto after = readLocked(loaded.payload)) {
    lockdown_ = *after;
    return {};
  }
  auto error = readError(in);
  return error ? std::move(*error) : internalError(kNonsense);
}

Result<Frame> Child::expect(FrameKind kind, int64_t deadline_ns) {
  for (;;) {
    Frame frame;
    switch (channel_.receive(frame)) {
      case Channel::Received::Yes:
        if (frame.kind == kind) return frame;
        if (frame.kind != FrameKind::Log) return internalError(kNonsense);
        takeLog(frame);
        break;
      case Channel::Received::Empty: {
        const int left_ms = msUntil(deadline_ns, clock_);
        if (left_ms == 0) {
          return makeError(ErrorCode::DeadlineExceeded,
                           fmt::format("was not loaded in {} ms", deps_.timing.start_ms));
        }
        pollOne(channel_.fd(), POLLIN, left_ms);
        break;
      }
      case Channel::Received::Closed:
        process_.ended(kExitWaitMs);
        return unavailable("its process " + process_.reap() + " while it was loaded");
      case Channel::Received::Broken:
        return internalError(kNonsense);
    }
  }
}

bool Child::begin(const ChildCallPtr& call, std::string_view call_payload, bool wait) {
  std::lock_guard whole(sending_);
  {
    Lock lock(mutex_);
    if (!end_.empty()) return false;
    if (!wait && in_flight_.size() >= limits::kConnectorCallsInFlight) return false;
    call->id = next_call_++;
    call->creates = !instances_.contains(call->spec->id);
    call->calls = !call_payload.empty();
    if (!call->creates && !call->calls) {
      call->state = ChildCall::State::Answered;
      return true;
    }
    if (in_flight_.empty()) beginOldest();
    in_flight_.push_back(call);
    instances_.insert(call->spec->id);
  }
  bool sent = false;
  if (call->creates) {
    sent = sendOrWait(FrameKind::Create, call->id, packCreate(*call->spec), wait);
    if (sent && call->calls) sendOrWait(FrameKind::Call, call->id, call_payload, true);
  } else {
    sent = sendOrWait(FrameKind::Call, call->id, call_payload, wait);
  }
  if (sent) return true;
  Lock lock(mutex_);
  if (call->state != ChildCall::State::InFlight) return true;  // it died; await() tells
  if (!in_flight_.empty() && in_flight_.back() == call) in_flight_.pop_back();
  if (call->creates) instances_.erase(call->spec->id);
  return false;
}

// The child may be slow to read because nobody takes its answers: so answers are taken meanwhile.
bool Child::sendOrWait(FrameKind kind, uint64_t call, std::string_view payload, bool wait) {
  for (;;) {
    const Channel::Sent sent = channel_.send(kind, call, payload);
    if (sent == Channel::Sent::Yes) return true;
    Lock lock(mutex_);
    if (!end_.empty()) return false;
    if (sent == Channel::Sent::Closed) {
      die("closed its connection to the host");
      return false;
    }
    if (!wait) return false;
    if (!reading_) {
      reading_ = true;
      drain();
      if (question_) answerQuestion(lock);
      reading_ = false;
      changed_.notify_all();
      if (!end_.empty()) return false;
    }
    if (clock_.monotonicNs() > deadlineNs()) die("does not take its calls");
    lock.unlock();
    pollOne(channel_.fd(), POLLOUT, kSendStepMs);
  }
}

void Child::await(const ChildCallPtr& call) {
  Lock lock(mutex_);
  // While its question is being answered, what its terms point at is still in use.
  while (call->state == ChildCall::State::InFlight || serving_ == call.get()) {
    if (reading_) {
      changed_.wait(lock);
      continue;
    }
    reading_ = true;
    pump(lock);
    reading_ = false;
    changed_.notify_all();
  }
}

bool Child::answersSoon(const ChildCallPtr& call) {
  Lock lock(mutex_);
  for (;;) {
    const bool reads = !reading_;
    reading_ = true;
    if (reads) {
      drain();
      if (question_) answerQuestion(lock);
    }
    const bool waiting = call->state == ChildCall::State::InFlight || serving_ == call.get();
    const int left_ms = msUntil(idle_since_ns_ + kPatienceMs * kNsPerMs, clock_);
    const bool goes_on = waiting && left_ms > 0;
    if (goes_on && reads) {
      lock.unlock();
      pollOne(channel_.fd(), POLLIN, left_ms);
      lock.lock();
    }
    if (reads) {
      reading_ = false;
      changed_.notify_all();
    } else if (goes_on) {
      changed_.wait_for(lock, std::chrono::milliseconds(left_ms));
    }
    if (!goes_on) return !waiting;
  }
}

// The caller holds the lock: from now on the oldest call's time counts.
void Child::beginOldest() {
  idle_since_ns_ = clock_.monotonicNs();
  log_lines_ = 0;
  if (cancelled_at_ns_ != 0) board_.flag()->store(false);
  cancelled_at_ns_ = 0;
}

int64_t Child::killMs() const {
  const int64_t budget_ms =
      in_flight_.empty() ? limits::kConnectorCallMs : in_flight_.front()->terms.budget_ms;
  return deps_.timing.call_ms + std::max<int64_t>(budget_ms - limits::kConnectorCallMs, 0);
}

int64_t Child::deadlineNs() const {
  const int64_t deadline_ns = idle_since_ns_ + killMs() * kNsPerMs;
  if (cancelled_at_ns_ == 0) return deadline_ns;
  return std::min(deadline_ns, cancelled_at_ns_ + deps_.timing.call_ms * kNsPerMs);
}

// How long to wait for the next frame; 0 = the oldest call's time is over.
int Child::waitMs() {
  const std::atomic<bool>* cancelled = in_flight_.front()->terms.cancelled;
  if (cancelled && cancelled_at_ns_ == 0 && cancelled->load()) {
    cancelled_at_ns_ = clock_.monotonicNs();
    board_.flag()->store(true);
  }
  const int left_ms = msUntil(deadlineNs(), clock_);
  return cancelled && cancelled_at_ns_ == 0 ? std::min(left_ms, kCancelLookMs) : left_ms;
}

void Child::pump(Lock& lock) {
  drain();
  if (question_) return answerQuestion(lock);
  if (in_flight_.empty() || !end_.empty()) return;
  const int left_ms = waitMs();
  if (left_ms == 0) {
    in_flight_.front()->late = true;
    return die(cancelled_at_ns_ != 0
                   ? "went on after its call was cancelled and was killed"
                   : fmt::format("took longer than {} ms for one call and was killed", killMs()));
  }
  lock.unlock();
  pollOne(channel_.fd(), POLLIN, left_ms);
  lock.lock();
}

// The parent's own knowledge of the call that asks.
plugin::PortCall Child::portCall(const ChildCall& call) const {
  const bool creating = call.creates && call.created.empty();
  plugin::PortCall out;
  out.connector = code_.id;
  out.tenant = call.spec->tenant;
  out.integration = call.spec->integration;
  out.no_io = call.terms.no_io || creating;
  out.dry_run = call.terms.dry_run;
  out.deadline_ns = idle_since_ns_ + call.terms.budget_ms * kNsPerMs;
  out.cancelled = call.terms.cancelled;
  out.record = call.terms.record;
  out.grants = &call.spec->grants;
  return out;
}

// Without the lock, since it may take long; reading_ keeps the others away meanwhile.
void Child::answerQuestion(Lock& lock) {
  const std::string question = std::move(*question_);
  question_.reset();
  if (in_flight_.empty() || !end_.empty()) return;
  const ChildCallPtr call = in_flight_.front();
  const plugin::PortCall who = portCall(*call);
  serving_ = call.get();
  lock.unlock();
  std::string answer = isolation::answerQuestion(question, deps_.ports, who, call->terms.secrets);
  lock.lock();
  serving_ = nullptr;
  const crypto::WipeAtEnd wiped(answer);  // it may be a secret
  if (end_.empty()) sendAnswer(lock, call->id, answer);
}

void Child::sendAnswer(Lock& lock, uint64_t call, const std::string& answer) {
  lock.unlock();
  Channel::Sent sent = Channel::Sent::Full;
  while ((sent = channel_.send(FrameKind::Answer, call, answer)) == Channel::Sent::Full) {
    pollOne(channel_.fd(), POLLOUT, kSendStepMs);
    lock.lock();
    if (end_.empty() && clock_.monotonicNs() > deadlineNs()) die("does not take its answers");
    if (!end_.empty()) return;
    lock.unlock();
  }
  lock.lock();
  if (sent == Channel::Sent::Closed && end_.empty()) die("closed its connection to the host");
}

// Takes what has arrived.
void Child::drain() {
  Frame frame;
  while (end_.empty() && !question_) {
    switch (channel_.receive(frame)) {
      case Channel::Received::Yes:
        if (!take(frame)) die(kNonsense);
        break;
      case Channel::Received::Empty:
        return;
      case Channel::Received::Closed:
        return die("closed its connection to the host");
      case Channel::Received::Broken:
        return die(kNonsense);
    }
  }
}

bool Child::take(Frame& frame) {
  if (frame.kind == FrameKind::Log) {
    takeLog(frame);
    return ++log_lines_ < kLogFramesMax;
  }
  if (in_flight_.empty() || frame.call != in_flight_.front()->id) return false;
  if (frame.kind != FrameKind::Ask) return takeAnswer(frame);
  question_ = std::move(frame.payload);
  return true;
}

bool Child::takeAnswer(Frame& frame) {
  const ChildCallPtr& call = in_flight_.front();
  if (frame.kind == FrameKind::Created) {
    if (!call->creates || !call->created.empty() || frame.payload.empty()) return false;
    call->created = std::move(frame.payload);
    Unpacker in(call->created);
    if (readError(in)) instances_.erase(call->spec->id);
    if (call->calls) return true;
  } else {
    const bool due = call->calls && (!call->creates || !call->created.empty());
    if (frame.kind != FrameKind::Done || !due) return false;
    call->done = std::move(frame.payload);
  }
  call->state = ChildCall::State::Answered;
  in_flight_.pop_front();
  beginOldest();
  return true;
}

void Child::takeLog(const Frame& frame) {
  const auto message = readLog(frame.payload);
  if (!message || log_lines_ > limits::kConnectorLogLinesMax) return;
  const log::Level level = levelOf(message->level);
  if (!log::enabled(level)) return;
  static const InstanceSpec kNone;
  const InstanceSpec& spec = in_flight_.empty() ? kNone : *in_flight_.front()->spec;
  log::write(level, "connector",
             {{"connector", code_.id}, {"tenant", spec.tenant}, {"integration", spec.integration}},
             message->text);
}

void Child::destroyInstance(uint64_t instance) {
  std::lock_guard whole(sending_);
  {
    Lock lock(mutex_);
    if (!end_.empty() || instances_.erase(instance) == 0) return;
  }
  Packer out;
  out.u64(instance);
  sendOrWait(FrameKind::Destroy, 0, out.take(), false);
}

bool Child::hasInstance(uint64_t instance) const {
  Lock lock(mutex_);
  return instances_.contains(instance);
}

size_t Child::inFlight() const {
  Lock lock(mutex_);
  return in_flight_.size();
}

bool Child::dead() const {
  Lock lock(mutex_);
  return !end_.empty();
}

std::string Child::end() const {
  Lock lock(mutex_);
  return end_;
}

void Child::stop() {
  Lock lock(mutex_);
  if (end_.empty()) die("was stopped");
}

// A thread of its own, or a signal's handler, that works while nothing was asked of the connector.
// Runs on the spawner's thread, now and then.
void Child::lookIdle() {
  Lock lock(mutex_);
  if (!end_.empty() || !in_flight_.empty()) {
    idle_cpu_ns_ = -1;
    return;
  }
  const int64_t before_ns = idle_call_ == next_call_ ? idle_cpu_ns_ : -1;
  idle_cpu_ns_ = processCpuNs(process_.pid());
  idle_call_ = next_call_;
  if (before_ns < 0 || idle_cpu_ns_ - before_ns < deps_.timing.idle_cpu_ms * kNsPerMs) return;
  die(fmt::format("used {} ms of processor time while nothing was asked of it and was killed",
                  (idle_cpu_ns_ - before_ns) / kNsPerMs));
}

void Child::noticeEnd() {
  Lock lock(mutex_);
  if (reading_) return;  // the reader sees the end of the connection, behind the last answers
  drain();               // answers given before the end count
  if (end_.empty()) die("closed its connection to the host");
  changed_.notify_all();
}

// The caller holds the lock. `cause` stands unless the process ended by itself.
void Child::die(std::string cause) {
  const bool by_itself = process_.ended(cause.starts_with("closed") ? kExitWaitMs : 0);
  const std::string end = process_.reap();
  end_ = by_itself ? end : std::move(cause);
  if (!in_flight_.empty()) in_flight_.front()->state = ChildCall::State::Suspect;
  for (size_t i = 1; i < in_flight_.size(); ++i) in_flight_[i]->state = ChildCall::State::Lost;
  in_flight_.clear();
  changed_.notify_all();
}

}  // namespace junctor::isolation
