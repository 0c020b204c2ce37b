#include "flow/rule_diff.h"

#include <algorithm>
#include <set>

#include "base/limits.h"

namespace junctor::flow {
namespace {

constexpr size_t kShownMax = 120;
constexpr size_t kPathsMax = 200;  // of one event: then the diff says "…"

std::string shown(JsonView value) {
  return value.valid() ? value.dump().substr(0, kShownMax) : "";
}

class Differ {
 public:
  explicit Differ(std::vector<Difference>& out) : out_(out) {}

  void compare(const std::string& path, JsonView before, JsonView after) {
    if (out_.size() >= kPathsMax) return;
    if (before.isObject() && after.isObject()) return members(path, before, after);
    if (before.isArray() && after.isArray() && before.size() == after.size()) {
      auto other = after.begin();
      for (auto it = before.begin(), end = before.end(); it != end; ++it, ++other) {
        compare(path + "[]", *it, *other);
      }
      return;
    }
    const bool same =
        before.valid() == after.valid() && (!before.valid() || before.dump() == after.dump());
    if (!same) add(path, shown(before), shown(after));
  }

  void add(const std::string& path, std::string before, std::string after) {
    const bool known = std::any_of(out_.begin(), out_.end(),
                                   [&](const Difference& one) { return one.path == path; });
    if (!known) out_.push_back({path, std::move(before), std::move(after)});
  }

 private:
  void members(const std::string& path, JsonView before, JsonView after) {
    for (auto it = before.begin(), end = before.end(); it != end; ++it) {
      compare(path + "." + std::string(it.key()), *it, after.find(it.key()));
    }
    for (auto it = after.begin(), end = after.end(); it != end; ++it) {
      if (!before.find(it.key()).valid()) {
        compare(path + "." + std::string(it.key()), {}, *it);
      }
    }
  }

  std::vector<Difference>& out_;
};

void compareJson(Differ& differ, const std::string& path, const std::string& before,
                 const std::string& after) {
  if (before == after) return;
  JsonDoc old_doc;
  JsonDoc new_doc;
  const auto old_view = before.empty() ? Result<JsonView>(JsonView()) : old_doc.parse(before);
  const auto new_view = after.empty() ? Result<JsonView>(JsonView()) : new_doc.parse(after);
  if (old_view && new_view) return differ.compare(path, *old_view, *new_view);
  differ.add(path, before.substr(0, kShownMax), after.substr(0, kShownMax));
}

// "agent, crm (salesforce/contact)": what would be sent where.
std::string targetsOf(const script::Routed& routed) {
  std::set<std::string> names;
  for (const script::RouteTarget& target : routed.targets) {
    const std::string mapping = target.mapping.substr(0, target.mapping.find('@'));
    names.insert(target.destination + (mapping.empty() ? "" : " (" + mapping + ")"));
  }
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  if (all.empty()) return routed.dropped ? "dropped: " + routed.reason : routed.reason;
  return all;
}

void compareBodies(Differ& differ, const script::Routed& before, const script::Routed& after) {
  for (const script::RouteTarget& target : before.targets) {
    for (const script::RouteTarget& other : after.targets) {
      const bool same = target.destination == other.destination &&
                        target.mapping.substr(0, target.mapping.find('@')) ==
                            other.mapping.substr(0, other.mapping.find('@'));
      if (same)
        compareJson(differ, "body." + target.destination, target.body_json, other.body_json);
    }
  }
}

// Events of one page on their way through both versions, as many at once as a worker takes.
class Together {
 public:
  Together(script::RuleRunner& runner, const script::Ruleset& before, const script::Ruleset& after,
           Comparison& comparison)
      : runner_(runner), before_(before), after_(after), comparison_(comparison), slots_(kAtOnce) {}

  void add(const Event& event, std::string_view payload) {
    Slot& slot = slots_[used_++];
    const auto view = slot.document.parse(payload);
    slot.payload = view ? *view : JsonView();
    slot.before.event = slot.after.event = event;
    if (used_ == kAtOnce) finish();
  }
  // What was added and not compared yet.
  void finish() {
    std::vector<script::RuleTask> tasks;
    for (size_t i = 0; i < used_; ++i) {
      tasks.push_back({&before_, &slots_[i].before.event, slots_[i].payload});
      tasks.push_back({&after_, &slots_[i].after.event, slots_[i].payload});
    }
    runner_.run(tasks);
    for (size_t i = 0; i < used_; ++i) {
      take(slots_[i].before, tasks[2 * i]);
      take(slots_[i].after, tasks[2 * i + 1]);
      comparison_.add(slots_[i].before, slots_[i].after);
    }
    used_ = 0;
  }

 private:
  static constexpr size_t kAtOnce = 32;
  struct Slot {
    JsonDoc document;
    JsonView payload;
    RuleOutcome before, after;
  };

  static void take(RuleOutcome& outcome, script::RuleTask& task) {
    outcome.error = task.error();
    outcome.routed = std::move(task.routed.value);
    outcome.fuel = task.fuel;
  }

  script::RuleRunner& runner_;
  const script::Ruleset& before_;
  const script::Ruleset& after_;
  Comparison& comparison_;
  std::vector<Slot> slots_;
  size_t used_ = 0;
};

void compareEvents(store::Store& store, const std::vector<Event>& events, Together& together,
                   ComparedPage& compared) {
  for (const Event& event : events) {
    compared.oldest_ms = event.received_at_ms;
    if (!event.payload_json.empty()) {
      together.add(event, event.payload_json);
    } else if (const auto loaded = store.loadEvent(event.tenant, event.id)) {
      together.add(event, (*loaded)->payload());
    }  // else damaged, or retired meanwhile: the store has told
  }
}

std::string errorOf(const RuleOutcome& outcome) {
  return outcome.error ? outcome.error->rule + ": " + outcome.error->message : "";
}

}  // namespace

RuleOutcome evaluate(script::RuleRunner& runner, const script::Ruleset& rules, Event event,
                     JsonView payload) {
  RuleOutcome outcome;
  script::RuleTask task{&rules, &event, payload};
  runner.run({&task, 1});
  outcome.error = task.error();
  outcome.routed = std::move(task.routed.value);
  outcome.fuel = task.fuel;
  outcome.event = std::move(event);
  return outcome;
}

std::vector<Difference> differences(const RuleOutcome& before, const RuleOutcome& after) {
  std::vector<Difference> found;
  Differ differ(found);
  const auto text = [&](const char* path, const std::string& a, const std::string& b) {
    if (a != b) differ.add(path, a.substr(0, kShownMax), b.substr(0, kShownMax));
  };
  if (before.error || after.error) {
    const bool both = before.error && after.error && before.error->message == after.error->message;
    if (!both) text("error", errorOf(before), errorOf(after));
    return found;
  }
  text("type", before.event.type, after.event.type);
  text("resource.type", before.event.resource.type, after.event.resource.type);
  text("resource.id", before.event.resource.id, after.event.resource.id);
  text("occurred_at", std::to_string(before.event.occurred_at_ms),
       std::to_string(after.event.occurred_at_ms));
  compareJson(differ, "data", before.event.data_json, after.event.data_json);
  compareJson(differ, "actor", before.event.actor_json, after.event.actor_json);
  text("to", targetsOf(before.routed), targetsOf(after.routed));
  compareBodies(differ, before.routed, after.routed);
  return found;
}

void Comparison::add(const RuleOutcome& before, const RuleOutcome& after) {
  ++events;
  if (before.error) ++errors_before;
  if (after.error) ++errors_after;
  fuel_before = std::max(fuel_before, before.fuel);
  fuel_after = std::max(fuel_after, after.fuel);
  const auto found = differences(before, after);
  if (!found.empty()) ++changed;
  for (const Difference& difference : found) {
    if (!paths.contains(difference.path) && paths.size() >= kPathsMax) continue;
    PathChange& change = paths[difference.path];
    if (change.examples.size() < limits::kRuleDiffsShownMax) {
      change.examples.push_back(before.event.id.text());
    }
    if (change.events++ == 0) {
      change.before = difference.before;
      change.after = difference.after;
    }
  }
}

Result<ComparedPage> comparePage(store::Store& store, const store::EventQuery& query,
                                 const script::Ruleset& before, const script::Ruleset& after,
                                 script::RuleHost& host) {
  ComparedPage compared;
  const auto runner = host.makeRunner();
  int64_t looked_at = 0;
  Together together(*runner, before, after, compared.comparison);
  store::EventQuery next = query;
  do {
    JUNCTOR_TRY(const auto page, store.listEvents(next));
    compareEvents(store, page.items, together, compared);
    looked_at += static_cast<int64_t>(page.items.size());
    next.cursor = compared.next_cursor = page.next_cursor;
  } while (!next.cursor.empty() && looked_at < static_cast<int64_t>(limits::kRuleCompareEventsMax));
  together.finish();
  return compared;
}

}  // namespace junctor::flow
