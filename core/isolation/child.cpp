#include "isolation/child.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "isolation/poll_one.h"

namespace junctor::isolation {
namespace {

constexpr int kExitWaitMs = 100;  // from the end of its connection to the end of a process
constexpr int kSendStepMs = 10;
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

Child::Child(Code code, const Timing& timing, const Clock& clock, Descriptor socket,
             Process process, Spawner& spawner)
    : code_(std::move(code)),
      timing_(timing),
      clock_(clock),
      spawner_(spawner),
      channel_(std::move(socket)),
      process_(std::move(process)) {}

Child::~Child() {
  spawner_.forget(process_.handle());
}

Child::Started Child::start(Spawner& spawner, const Code& code, const Timing& timing,
                            const Clock& clock, std::function<void()> on_end) {
  auto pair = Channel::pair();
  if (!pair) return {nullptr, pair.error()};
  auto process = spawner.spawn(pair->second);
  if (!process) return {nullptr, process.error()};
  pair->second = Descriptor();
  std::shared_ptr<Child> child(
      new Child(code, timing, clock, std::move(pair->first), std::move(*process), spawner));
  if (auto loaded = child->load(); !loaded) {
    const bool locked = child->lockdown_.seccomp || child->lockdown_.landlock_abi > 0;
    return {nullptr, loaded.error(), locked};
  }
  spawner.watch(child->process_.handle(),
                [weak = child->weak_from_this(), on_end = std::move(on_end)] {
                  const auto self = weak.lock();
                  if (!self) return;
                  self->noticeEnd();
                  if (on_end) on_end();
                });
  return {std::move(child)};
}

Result<void> Child::load() {
  const int64_t deadline_ns = clock_.monotonicNs() + timing_.start_ms * kNsPerMs;
  channel_.send(FrameKind::Load, 0, packLoad({code_.id, code_.version, code_.threads}), false,
                code_.file->get());
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
                           fmt::format("was not loaded in {} ms", timing_.start_ms));
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
    if (in_flight_.empty()) idle_since_ns_ = clock_.monotonicNs();
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
    if (!reading_) drain();
    if (clock_.monotonicNs() > deadlineNs()) die("does not take its calls");
    lock.unlock();
    pollOne(channel_.fd(), POLLOUT, kSendStepMs);
  }
}

void Child::await(const ChildCallPtr& call) {
  Lock lock(mutex_);
  while (call->state == ChildCall::State::InFlight) {
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

int64_t Child::deadlineNs() const {
  return idle_since_ns_ + timing_.call_ms * kNsPerMs;
}

void Child::pump(Lock& lock) {
  drain();
  if (in_flight_.empty() || !end_.empty()) return;
  const int64_t deadline_ns = deadlineNs();
  const int left_ms = msUntil(deadline_ns, clock_);
  if (left_ms == 0) {
    return die(fmt::format("took longer than {} ms for one call and was killed", timing_.call_ms));
  }
  lock.unlock();
  pollOne(channel_.fd(), POLLIN, left_ms);
  lock.lock();
}

// Takes what has arrived.
void Child::drain() {
  Frame frame;
  while (end_.empty()) {
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
  return !in_flight_.empty() && frame.call == in_flight_.front()->id && takeAnswer(frame);
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
  idle_since_ns_ = clock_.monotonicNs();
  log_lines_ = 0;
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
