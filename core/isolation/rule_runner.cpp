#include "isolation/rule_runner.h"

#include <fmt/core.h>

#include <cstring>
#include <typeinfo>

#include "base/limits.h"

namespace junctor::isolation {
namespace {

using script::Ran;
using script::RuleError;
using script::RuleTask;

constexpr int64_t kNoWorkerMs = 1'000;  // no process to be had: ask again then
constexpr size_t kTasksTogether = 64;

const RemoteRuleset* remoteOf(const script::Ruleset& rules) {
  return typeid(rules) == typeid(RemoteRuleset) ? static_cast<const RemoteRuleset*>(&rules)
                                                : nullptr;
}

RuleError noWorker(const RemoteRuleset& rules, const std::string& why) {
  RuleError error;
  error.rule = rules.key();
  error.message = "no rule worker: " + why;
  error.retry_ms = kNoWorkerMs;
  return error;
}

RuleError crashed(const RemoteRuleset& rules, const std::string& first, const std::string& alone) {
  RuleError error;
  error.rule = rules.key();
  error.crashed = true;
  error.message = fmt::format("its process {}; alone, it {}", first, alone);
  return error;
}

void setError(TaskPart part, RuleTask& task, RuleError error) {
  (part == TaskPart::Route ? task.routed.error : task.normalized.error) = std::move(error);
}

void clearResult(RuleTask& task) {
  task.normalized = {};
  task.routed = {};
  task.fuel = 0;
}

}  // namespace

script::RuleRunner& RemoteRunner::local() {
  if (!local_) local_ = script::makeRuleRunner(budget_);
  return *local_;
}

// A worker that knows the rules, in child_.
RemoteRunner::Tried RemoteRunner::ready(const RemoteRuleset& rules) {
  if (!child_ || child_->dead()) {
    workers_.giveBack(std::move(child_));
    auto leased = workers_.lease();
    if (!leased) {
      trouble_ = leased.error().message;
      return Tried::HostTrouble;
    }
    child_ = std::move(*leased);
  }
  const auto known = child_->define(rules);
  if (known && known->good) return Tried::Done;
  trouble_ = known ? "did not compile what it compiled before" : child_->end();
  if (known) child_->distrust();
  return Tried::Ended;
}

script::Ran<bool> RemoteRunner::normalize(const script::Ruleset& rules, Event& event,
                                          JsonView payload, script::Trace* trace) {
  RuleTask task{&rules, &event, payload, trace};
  runPart(TaskPart::Normalize, {&task, 1});
  return std::move(task.normalized);
}

script::Ran<script::Routed> RemoteRunner::route(const script::Ruleset& rules, const Event& event,
                                                JsonView payload, script::Trace* trace) {
  RuleTask task{&rules, const_cast<Event*>(&event), payload, trace};  // Route changes no event
  runPart(TaskPart::Route, {&task, 1});
  return std::move(task.routed);
}

void RemoteRunner::run(std::span<RuleTask> tasks) {
  runPart(TaskPart::Both, tasks);
}

void RemoteRunner::runPart(TaskPart part, std::span<RuleTask> tasks) {
  Tasks remote;
  remote.reserve(tasks.size());
  for (RuleTask& task : tasks) {
    const RemoteRuleset* rules = remoteOf(*task.rules);
    if (!rules) {
      if (part == TaskPart::Both) local().run({&task, 1});
      if (part == TaskPart::Normalize) {
        task.normalized = local().normalize(*task.rules, *task.event, task.payload, task.trace);
      }
      if (part == TaskPart::Route) {
        task.routed = local().route(*task.rules, *task.event, task.payload, task.trace);
      }
    } else if (auto refused = workers_.refusal(*rules)) {
      setError(part, task, std::move(*refused));
    } else {
      remote.push_back(&task);
    }
  }
  for (std::span<RuleTask*> rest = remote; !rest.empty();) {
    const size_t count = std::min(rest.size(), kTasksTogether);
    std::span<RuleTask*> some = rest.first(count);
    rest = rest.subspan(count);
    const Tried tried = runTogether(part, some);
    if (tried == Tried::Done) continue;
    for (RuleTask* task : some) {
      clearResult(*task);
      if (tried == Tried::HostTrouble) {
        setError(part, *task, noWorker(*remoteOf(*task->rules), trouble_));
      } else if (auto refused = workers_.refusal(*remoteOf(*task->rules))) {
        setError(part, *task, std::move(*refused));  // crashed just now
      } else {
        runAlone(part, *task);
      }
    }
  }
}

// Who was with others when their worker ended, or alone: once more, in a fresh one.
void RemoteRunner::runAlone(TaskPart part, RuleTask& task) {
  const RemoteRuleset& rules = *remoteOf(*task.rules);
  const std::string first = trouble_;
  RuleTask* one[] = {&task};
  std::span<RuleTask*> alone = one;
  const Tried tried = runTogether(part, alone);
  if (tried == Tried::Done) return;
  clearResult(task);
  if (tried == Tried::HostTrouble) return setError(part, task, noWorker(rules, trouble_));
  RuleError error = crashed(rules, first, trouble_);
  workers_.noteCrash(rules, error.message);
  setError(part, task, std::move(error));
}

RemoteRunner::Tried RemoteRunner::runTogether(TaskPart part, std::span<RuleTask*>& tasks) {
  while (!tasks.empty()) {
    const script::Ruleset* last = nullptr;
    for (const RuleTask* task : tasks) {
      if (task->rules == last) continue;
      last = task->rules;
      const Tried known = ready(*remoteOf(*last));
      if (known != Tried::Done) return known;
    }
    std::string call;
    const size_t count = packTogether(part, tasks, call);
    const auto answer = child_->ask(call, workers_.killMs());
    const size_t done = answer ? takeResults(part, tasks.first(count), *answer) : 0;
    tasks = tasks.subspan(done);
    if (done == count) continue;
    if (!child_->dead()) child_->distrust();
    trouble_ = child_->end();
    return Tried::Ended;
  }
  return Tried::Done;
}

// As many tasks as the room holds: images first, then the heads. One that is too large for it goes
// in the frame, as text.
size_t RemoteRunner::packTogether(TaskPart part, std::span<RuleTask*> tasks, std::string& call) {
  const std::span<char> room = child_->room().in();
  Packer heads;
  heads.reserve(tasks.size() * 512);
  size_t used = 0, count = 0;
  for (RuleTask* task : tasks) {
    const size_t image = task->payload.imageBytes();
    const Event& event = *task->event;
    const size_t texts = event.data_json.size() + event.actor_json.size() +
                         event.metadata_json.size() + event.type.size() + 4'096;
    const bool traced = task->trace != nullptr;
    if (used + image + heads.size() + texts > room.size() || (traced && count > 0)) break;
    TaskHead head;
    head.ruleset = remoteOf(*task->rules)->id();
    head.part = part;
    head.trace = levelOf(task->trace);
    head.has_payload = task->payload.valid();
    head.image_at = used;
    head.image_bytes = image;
    if (image > 0) task->payload.writeImage(room.data() + used);
    used += image;
    packTask(heads, head, event);
    if (traced) packTrace(heads, head.trace, *task->trace);
    ++count;
    if (traced) break;  // its trace may be long
  }
  const bool fits = count > 0 && used + heads.size() <= room.size();
  Packer out;
  out.u8(static_cast<uint8_t>(RuleMethod::Run));
  pack(out, budget_);
  if (fits) {
    const std::string bytes = heads.take();
    std::memcpy(room.data() + used, bytes.data(), bytes.size());
    out.u8(1).u64(used + bytes.size()).u64(used).u64(count);
    call = out.take();
    return count;
  }
  RuleTask& task = *tasks.front();
  const std::string text = task.payload.valid() ? task.payload.dump() : std::string();
  TaskHead head{remoteOf(*task.rules)->id(), part, levelOf(task.trace)};
  head.has_payload = task.payload.valid();
  head.payload_text = text;
  Packer large;
  packTask(large, head, *task.event);
  if (task.trace) packTrace(large, head.trace, *task.trace);
  constexpr size_t kBehindBudget = 1 + 3 * sizeof(uint64_t);
  const size_t at = out.size() + kBehindBudget;
  const std::string bytes = large.take();
  out.u8(0).u64(at + bytes.size()).u64(at).u64(1);
  call = out.take() + bytes;
  return 1;
}

size_t RemoteRunner::takeResults(TaskPart part, std::span<RuleTask*> tasks,
                                 const std::string& answer) {
  Unpacker place(answer);
  const bool in_room = place.u8() != 0;
  const uint64_t size = place.u64();
  const std::span<char> room = child_->room().out();
  if (!place.ok() || (in_room && size > room.size())) return 0;
  if (in_room) {
    results_.assign(room.data(), size);  // before a look at it: the worker could still change it
  } else {
    results_ = answer.substr(1 + sizeof(uint64_t));
  }
  Unpacker in(results_);
  for (size_t i = 0; i < tasks.size(); ++i) {
    RuleTask& task = *tasks[i];
    if (!readTaskResult(in, part, levelOf(task.trace), *remoteOf(*task.rules), task)) return i;
  }
  return tasks.size();
}

template <class Pack, class Read>
std::optional<RuleError> RemoteRunner::askOne(const RemoteRuleset& rules, Pack&& pack,
                                              Read&& read) {
  if (auto refused = workers_.refusal(rules)) return refused;
  std::string first;
  for (int attempt = 0; attempt < 2; ++attempt) {
    Tried tried = ready(rules);
    if (tried == Tried::HostTrouble) return noWorker(rules, trouble_);
    if (tried == Tried::Done) {
      const auto answer = child_->ask(pack(), workers_.killMs());
      if (answer) {
        Unpacker in(*answer);
        if (read(in) && in.done()) return std::nullopt;
        child_->distrust();
      }
      trouble_ = child_->end();
    }
    if (attempt == 0) first = trouble_;
  }
  RuleError error = crashed(rules, first, trouble_);
  workers_.noteCrash(rules, error.message);
  return error;
}

script::Ran<script::FlowRun> RemoteRunner::flow(const script::Ruleset& rules,
                                                const script::FlowInfo& flow, const Event& event,
                                                JsonView payload, const script::FlowMemory& memory,
                                                script::Trace* trace) {
  const RemoteRuleset* remote = remoteOf(rules);
  if (!remote) return local().flow(rules, flow, event, payload, memory, trace);
  const TraceLevel level = levelOf(trace);
  const std::string text = payload.valid() ? payload.dump() : std::string();
  Ran<script::FlowRun> ran;
  const auto make = [&] {
    TaskHead head{remote->id(), TaskPart::Both, level};
    head.has_payload = payload.valid();
    head.payload_text = text;
    Packer out;
    out.u8(static_cast<uint8_t>(RuleMethod::Flow));
    pack(out, budget_);
    packTask(out, head, event);
    if (trace) packTrace(out, level, *trace);
    pack(out, flow.name);
    pack(out, flow.rule_version);
    pack(out, memory);
    return out.take();
  };
  const auto read = [&](Unpacker& in) {
    ran = {};
    return readFlowRun(in, ran) && readTrace(in, level, trace);
  };
  if (auto error = askOne(*remote, make, read)) ran = {{}, std::move(error)};
  return ran;
}

script::Ran<mapping::Converted> RemoteRunner::convert(const script::Ruleset& rules,
                                                      std::string_view name,
                                                      mapping::Direction direction,
                                                      const mapping::Value& object,
                                                      script::Trace* trace) {
  const RemoteRuleset* remote = remoteOf(rules);
  if (!remote) return local().convert(rules, name, direction, object, trace);
  const TraceLevel level = levelOf(trace);
  Ran<mapping::Converted> ran;
  const auto make = [&] {
    Packer out;
    out.u8(static_cast<uint8_t>(RuleMethod::Convert)).u64(remote->id());
    pack(out, budget_);
    out.text(name).u8(direction == mapping::Direction::ToExternal ? 1 : 0);
    out.text(mapping::toJson(object)).u8(static_cast<uint8_t>(level));
    if (trace) packTrace(out, level, *trace);
    return out.take();
  };
  const auto read = [&](Unpacker& in) {
    ran = {};
    return readConverted(in, ran) && readTrace(in, level, trace);
  };
  if (auto error = askOne(*remote, make, read)) ran = {{}, std::move(error)};
  return ran;
}

}  // namespace junctor::isolation
