#include "isolation/rule_child.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "base/process_cpu.h"
#include "isolation/messages.h"
#include "isolation/poll_one.h"

namespace junctor::isolation {
namespace {

constexpr int kRuleExitWaitMs = 100;
constexpr size_t kRuleLogLinesMax = 1'000;  // of one call; more is no logging
constexpr size_t kForgetEvery = 64;         // rulesets learned between two looks
constexpr const char* kRuleNonsense = "spoke nonsense to the host";

}  // namespace

Result<std::unique_ptr<RuleChild>> RuleChild::start(Spawner& spawner, const Clock& clock,
                                                    uint32_t landlock_min) {
  Descriptor file;
  JUNCTOR_TRY(SharedRoom room, SharedRoom::make(file));
  JUNCTOR_TRY(auto pair, Channel::pair());
  JUNCTOR_TRY(Process process, spawner.spawn(pair.second));
  pair.second = Descriptor();
  std::unique_ptr<RuleChild> child(
      new RuleChild(clock, std::move(pair.first), std::move(process), std::move(room)));
  child->channel_.send(FrameKind::Room, 0, {}, false, file.get());
  JUNCTOR_CHECK(child->awaitLocked());
  if (!child->lockdown_.holds(landlock_min)) {
    return unavailable(
        "this kernel locks rule workers in too little: " + child->lockdown_.describe() +
        " (connectors.sandbox: best-effort runs them all the same)");
  }
  return child;
}

Result<void> RuleChild::awaitLocked() {
  const auto locked = receive(FrameKind::Locked, limits::kConnectorStartMs);
  if (!locked) return unavailable("a rule worker " + end_ + " while it started");
  JUNCTOR_TRY(lockdown_, readLocked(locked->payload));
  return {};
}

std::optional<std::string> RuleChild::ask(std::string_view payload, int64_t patience_ms) {
  if (dead()) return std::nullopt;
  log_lines_ = 0;
  const uint64_t call = next_call_++;
  if (channel_.send(FrameKind::Call, call, payload, true) != Channel::Sent::Yes) {
    die("closed its connection to the host");
    return std::nullopt;
  }
  auto answer = receive(FrameKind::Done, patience_ms);
  if (answer && answer->call != call) die(kRuleNonsense);
  if (dead()) return std::nullopt;
  return std::move(answer->payload);
}

std::optional<Frame> RuleChild::receive(FrameKind kind, int64_t patience_ms) {
  uint64_t progress = room_.progress().load(std::memory_order_relaxed);
  int64_t begun_ms = clock_.monotonicMs(), begun_cpu_ns = -1;
  int64_t deadline_ms = begun_ms + patience_ms;
  Frame frame;
  for (;;) {
    const int64_t left_ms = std::max<int64_t>(deadline_ms - clock_.monotonicMs(), 0);
    pollOne(channel_.fd(), POLLIN, static_cast<int>(left_ms));
    switch (channel_.receive(frame)) {
      case Channel::Received::Yes:
        if (frame.kind == kind) return frame;
        if (frame.kind != FrameKind::Log || ++log_lines_ > kRuleLogLinesMax) {
          die(kRuleNonsense);
          return std::nullopt;
        }
        if (const auto line = readLog(frame.payload)) log::warn("rules", {}, "{}", line->text);
        break;
      case Channel::Received::Closed:
        die("closed its connection to the host");
        return std::nullopt;
      case Channel::Received::Broken:
        die(kRuleNonsense);
        return std::nullopt;
      case Channel::Received::Empty:
        break;
    }
    if (clock_.monotonicMs() < deadline_ms) continue;
    if (const uint64_t now = room_.progress().load(std::memory_order_relaxed); now != progress) {
      progress = now;
      begun_ms = clock_.monotonicMs();
      begun_cpu_ns = processCpuNs(process_.pid());
    } else if (overdue(patience_ms, begun_ms, begun_cpu_ns)) {
      die(fmt::format("took longer than {} ms and was killed", patience_ms));
      return std::nullopt;
    }
    deadline_ms = clock_.monotonicMs() + patience_ms;
  }
}

// On a crowded machine it may have waited for a processor most of the time.
bool RuleChild::overdue(int64_t patience_ms, int64_t begun_ms, int64_t& begun_cpu_ns) const {
  constexpr int64_t kCrowded = 5, kNsPerMs = 1'000'000;
  const int64_t cpu_ns = processCpuNs(process_.pid());
  if (clock_.monotonicMs() - begun_ms >= kCrowded * patience_ms || cpu_ns < 0) return true;
  if (begun_cpu_ns < 0) begun_cpu_ns = cpu_ns;  // from now on
  return cpu_ns - begun_cpu_ns >= patience_ms * kNsPerMs / 2;
}

void RuleChild::distrust() {
  die(kRuleNonsense);
}

// `cause` stands unless the process ended by itself.
void RuleChild::die(std::string cause) {
  if (dead()) return;
  const bool by_itself = process_.ended(cause.starts_with("closed") ? kRuleExitWaitMs : 0);
  const std::string end = process_.reap();
  end_ = by_itself ? end : std::move(cause);
}

bool RuleChild::tellEntries(const RemoteRuleset& rules, RulesetOrder& order) {
  const auto& book = rules.surroundings().mappings;
  if (!book) return true;
  for (const auto& entry : book->all()) {
    const std::string key = entry->label() + " " + std::string(mapping::nameOf(entry->from));
    order.entries.push_back(key);
    if (!entries_.insert(key).second) continue;
    Packer out;
    out.u8(static_cast<uint8_t>(RuleMethod::Entry));
    pack(out, key);
    pack(out, entry->from);
    pack(out, mapping::toJson(mapping::writeMapping(entry->mapping)));
    if (!ask(out.take(), limits::kRuleCheckMs)) return false;
  }
  return true;
}

// Those that are gone here; of too many those that were not used for longest, too.
bool RuleChild::forgetUnneeded() {
  uint64_t used_since = 0;
  if (known_.size() >= limits::kRuleWorkerRulesetsMax) {
    std::vector<uint64_t> uses;
    for (const auto& [id, one] : known_) uses.push_back(one.last_used);
    std::nth_element(uses.begin(), uses.begin() + static_cast<ptrdiff_t>(uses.size() / 2),
                     uses.end());
    used_since = uses[uses.size() / 2];
  }
  for (auto it = known_.begin(); it != known_.end();) {
    if (!it->second.rules.expired() && it->second.last_used >= used_since) {
      ++it;
      continue;
    }
    Packer out;
    out.u8(static_cast<uint8_t>(RuleMethod::Forget)).u64(it->first);
    it = known_.erase(it);
    if (!ask(out.take(), limits::kRuleKillMs)) return false;
  }
  return true;
}

std::optional<Compiled> RuleChild::define(const RemoteRuleset& rules) {
  if (const auto known = known_.find(rules.id()); known != known_.end()) {
    known->second.last_used = next_call_;
    Compiled already;
    already.good = true;
    return already;
  }
  if (known_.size() % kForgetEvery == kForgetEvery - 1 && !forgetUnneeded()) return std::nullopt;
  RulesetOrder order{rules.id(), rules.scripts(), rules.surroundings().tables, {}};
  if (!tellEntries(rules, order)) return std::nullopt;
  Packer out;
  out.u8(static_cast<uint8_t>(RuleMethod::Define));
  pack(out, order);
  const auto answer = ask(out.take(), limits::kRuleCheckMs);
  if (!answer) return std::nullopt;
  Unpacker in(*answer);
  Compiled compiled;
  if (!unpackAll(in, compiled)) {
    distrust();
    return std::nullopt;
  }
  if (compiled.good) known_[rules.id()] = {rules.weak_from_this(), next_call_};
  return compiled;
}

}  // namespace junctor::isolation
