#include "isolation/rule_worker.h"

#include <cstring>
#include <map>
#include <memory>
#include <tuple>

#include "base/json_doc.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "isolation/lockdown.h"
#include "isolation/messages.h"
#include "isolation/rule_messages.h"
#include "isolation/shared_room.h"
#include "mapping/book.h"
#include "script/host.h"

namespace junctor::isolation {
namespace {

constexpr int kRulesExitOk = 0, kRulesExitUsage = 2;

class RuleWorker {
 public:
  RuleWorker(Channel& channel, SharedRoom room) : channel_(channel), room_(std::move(room)) {}

  int serve() {
    for (;;) {
      Frame frame;
      if (channel_.receive(frame, true) != Channel::Received::Yes) return kRulesExitOk;
      if (frame.kind != FrameKind::Call) return kRulesExitUsage;
      Unpacker in(frame.payload);
      std::string answer;
      if (!handle(in, frame.payload, answer)) return kRulesExitUsage;
      if (channel_.send(FrameKind::Done, frame.call, answer, true) != Channel::Sent::Yes) {
        return kRulesExitOk;
      }
    }
  }

 private:
  using Budget = std::tuple<int64_t, int64_t, size_t>;

  bool handle(Unpacker& in, std::string_view payload, std::string& answer) {
    switch (static_cast<RuleMethod>(in.u8())) {
      case RuleMethod::Entry:
        return entry(in);
      case RuleMethod::Define:
        return define(in, answer);
      case RuleMethod::Forget:
        rulesets_.erase(in.u64());
        runners_.clear();  // their sandboxes hold what is forgotten
        return in.ok();
      case RuleMethod::Run:
        return run(in, payload, answer);
      case RuleMethod::Flow:
        return flow(in, answer);
      case RuleMethod::Convert:
        return convert(in, answer);
      case RuleMethod::Test:
        return test(in, answer);
    }
    return false;
  }

  bool entry(Unpacker& in) {
    std::string key, json;
    auto from = mapping::Entry::From::Shipped;
    if (!unpackAll(in, key, from, json)) return false;
    const auto value = mapping::parseValue(json);
    if (!value) return false;
    auto mapping = mapping::readMapping(*value);
    if (!mapping) return false;
    entries_[key] = mapping::makeEntry(std::move(*mapping), from);
    return true;
  }

  bool define(Unpacker& in, std::string& answer) {
    RulesetOrder order;
    if (!unpackAll(in, order)) return false;
    std::vector<mapping::EntryPtr> entries;
    for (const std::string& key : order.entries) {
      const auto known = entries_.find(key);
      if (known == entries_.end()) return false;
      entries.push_back(known->second);
    }
    const script::Surroundings surroundings{mapping::Book::of(std::move(entries)), order.tables};
    Compiled compiled;
    const auto rules = script::compileRules(order.scripts, surroundings, &compiled.problems);
    compiled.good = bool(rules);
    if (rules) {
      rulesets_[order.id] = *rules;
      compiled.summary = summaryOf(**rules);
    } else {
      compiled.error = rules.error().message;
    }
    answer = packed(compiled);
    return true;
  }

  static RulesetSummary summaryOf(const script::Ruleset& rules) {
    RulesetSummary summary;
    summary.routes = rules.routeCount();
    summary.normalizers = rules.normalizerCount();
    summary.flows = rules.flowInfos();
    summary.destinations = rules.destinations();
    summary.versions = rules.versions();
    summary.version_text = rules.versionText();
    for (const auto& entry : rules.mappings()) {
      if (entry->from != mapping::Entry::From::Rule) continue;
      summary.mappings.push_back(mapping::toJson(mapping::writeMapping(entry->mapping)));
    }
    return summary;
  }

  const script::Ruleset* ruleset(uint64_t id) const {
    const auto found = rulesets_.find(id);
    return found == rulesets_.end() ? nullptr : found->second.get();
  }

  script::RuleRunner& runner(const script::RuleBudget& budget) {
    auto& one = runners_[Budget(budget.fuel, budget.wall_ms, budget.memory_bytes)];
    if (!one) one = script::makeRuleRunner(budget);
    return *one;
  }

  bool payloadOf(const TaskHead& head, std::string_view bytes, JsonView& payload) {
    payload = JsonView();
    if (!head.has_payload) return true;
    if (head.image_bytes == 0) {
      const auto parsed = document_.parse(head.payload_text);
      if (parsed) payload = *parsed;
      return bool(parsed);
    }
    if (head.image_at > bytes.size() || head.image_bytes > bytes.size() - head.image_at) {
      return false;
    }
    const auto opened = document_.openImage(bytes.substr(head.image_at, head.image_bytes));
    if (opened) payload = *opened;
    return bool(opened);
  }

  // Behind the method: budget, place, count; the tasks stand behind the images.
  bool run(Unpacker& in, std::string_view frame, std::string& answer) {
    script::RuleBudget budget;
    unpack(in, budget);
    const bool in_room = in.u8() != 0;
    const uint64_t size = in.u64(), tasks_at = in.u64(), count = in.u64();
    std::string_view bytes = frame;
    if (in_room) bytes = {room_.in().data(), room_.in().size()};
    if (!in.ok() || size > bytes.size() || tasks_at > size) return false;
    Unpacker tasks(bytes.substr(tasks_at, size - tasks_at));
    script::RuleRunner& with = runner(budget);
    Packer out;
    out.reserve(count * 512);
    for (uint64_t i = 0; i < count; ++i) {
      room_.progress().fetch_add(1, std::memory_order_relaxed);
      if (!runOne(tasks, bytes, with, out)) return false;
    }
    return putOut(out.take(), answer);
  }

  bool runOne(Unpacker& tasks, std::string_view bytes, script::RuleRunner& with, Packer& out) {
    TaskHead head;
    if (!readTask(tasks, head, event_)) return false;
    script::RuleTask task;
    task.rules = ruleset(head.ruleset);
    task.event = &event_;
    if (!task.rules || !payloadOf(head, bytes, task.payload)) return false;
    script::Trace trace;
    if (!readTrace(tasks, head.trace, &trace)) return false;
    if (head.trace != TraceLevel::None) task.trace = &trace;
    switch (head.part) {
      case TaskPart::Both:
        with.run({&task, 1});
        break;
      case TaskPart::Normalize:
        task.normalized = with.normalize(*task.rules, event_, task.payload, task.trace);
        break;
      case TaskPart::Route:
        task.routed = with.route(*task.rules, event_, task.payload, task.trace);
        break;
    }
    packTaskResult(out, head.part, head.trace, task);
    return true;
  }

  bool putOut(std::string results, std::string& answer) {
    const bool fits = results.size() <= room_.out().size();
    if (fits) std::memcpy(room_.out().data(), results.data(), results.size());
    Packer out;
    out.u8(fits ? 1 : 0).u64(results.size());
    answer = out.take();
    if (!fits) answer += results;
    return answer.size() <= limits::kFrameBytesMax;
  }

  bool flow(Unpacker& in, std::string& answer) {
    TaskHead head;
    script::RuleBudget budget;
    std::string name, version;
    script::FlowMemory memory;
    script::Trace trace;
    unpack(in, budget);
    const bool read = readTask(in, head, event_) && readTrace(in, head.trace, &trace);
    if (!read || !unpackAll(in, name, version, memory)) return false;
    const script::Ruleset* rules = ruleset(head.ruleset);
    const script::FlowInfo* info = rules ? rules->flow(name, version) : nullptr;
    JsonView payload;
    if (!info || !payloadOf(head, {}, payload)) return false;
    const auto ran = runner(budget).flow(*rules, *info, event_, payload, memory,
                                         head.trace == TraceLevel::None ? nullptr : &trace);
    Packer out;
    pack(out, ran.error);
    pack(out, ran.value);
    packTrace(out, head.trace, trace);
    answer = out.take();
    return true;
  }

  bool convert(Unpacker& in, std::string& answer) {
    uint64_t id = 0;
    script::RuleBudget budget;
    std::string name, json;
    bool outward = false;
    uint8_t level = 0;
    script::Trace trace;
    unpack(in, id);
    unpack(in, budget);
    unpack(in, name);
    unpack(in, outward);
    unpack(in, json);
    level = in.u8();
    const auto trace_level = static_cast<TraceLevel>(level);
    if (!readTrace(in, trace_level, &trace) || !in.done()) return false;
    const script::Ruleset* rules = ruleset(id);
    const auto object = mapping::parseValue(json);
    if (!rules || !object) return false;
    const auto direction =
        outward ? mapping::Direction::ToExternal : mapping::Direction::FromExternal;
    const auto ran = runner(budget).convert(*rules, name, direction, *object,
                                            trace_level == TraceLevel::None ? nullptr : &trace);
    Packer out;
    packConverted(out, ran);
    packTrace(out, trace_level, trace);
    answer = out.take();
    return true;
  }

  bool test(Unpacker& in, std::string& answer) {
    uint64_t id = 0;
    std::vector<RuleScript> tests;
    bool coverage = false;
    if (!unpackAll(in, id, tests, coverage)) return false;
    const script::Ruleset* rules = ruleset(id);
    if (!rules) return false;
    answer = packed(script::runTests(*rules, tests, coverage));
    return true;
  }

  Channel& channel_;
  SharedRoom room_;
  std::map<std::string, mapping::EntryPtr> entries_;
  std::map<uint64_t, script::RulesetPtr> rulesets_;
  std::map<Budget, std::unique_ptr<script::RuleRunner>> runners_;
  JsonDoc document_;
  Event event_;
};

// What libraries set up at their first use must be there before the door is shut.
void prepareRules(Channel& channel) {
  (void)crypto::sha256Hex("");
  (void)checkJson("{}");
  (void)script::compileRules({{"", "first", "return jn.route { rules = {} }", "0"}});
  log::redirect([&channel](log::Level level, std::string_view text) {
    channel.send(FrameKind::Log, 0, packLog({static_cast<uint8_t>(level), std::string(text)}));
  });
}

}  // namespace

int serveRules(Channel& channel, Descriptor file) {
  SharedRoom room = SharedRoom::open(file.get());
  file = Descriptor();
  if (!room.valid()) return kRulesExitUsage;
  Lockdown lockdown;
  limitSelf(false, limits::kRuleWorkerMemoryMib, lockdown);
  prepareRules(channel);
  lockDown(-1, false, lockdown);
  lockDownOpen(lockdown);
  if (channel.send(FrameKind::Locked, 0, packLocked(lockdown), true) != Channel::Sent::Yes) {
    return kRulesExitOk;
  }
  // Never destroyed, as what it runs is not worth waiting for.
  static RuleWorker& worker = *new RuleWorker(channel, std::move(room));
  return worker.serve();
}

}  // namespace junctor::isolation
