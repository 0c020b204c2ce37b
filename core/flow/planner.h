#pragma once
// Planner: one raw request -> events and planned deliveries. No I/O: connector, normalizers and
// routes run here, on one worker thread; the result is stored by the caller.
// Whatever fails becomes a dead letter with its cause; nothing passes on unmodified.
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json_doc.h"
#include "flow/freshness.h"
#include "flow/rule_diff.h"
#include "flow/rulebook.h"
#include "flow/shadow_board.h"
#include "plugin/connector.h"
#include "script/host.h"
#include "store/store.h"

namespace junctor::flow {

class Planner {
 public:
  // Type of an event whose connector failed: "<connector>.unprocessed".
  static constexpr const char* kUnprocessed = ".unprocessed";
  // `connector` of the requests that flows emit, and `source` of their events.
  static constexpr const char* kEmitted = "junctor";

  // `shadows` hears what shadow rules would do; may be null.
  // `freshness` tells which events are stale; null: what the event says stays. `rules` is where the
  // rulebook's rules were compiled.
  Planner(const plugin::Registry& registry, IdSource& ids, const Clock& clock,
          Freshness* freshness = nullptr, ShadowBoard* shadows = nullptr,
          script::RuleHost& rules = script::localRules());

  // Announces a plan() of the same request: a connector in another process starts on it. Begun
  // requests are planned in the order of begin().
  void begin(const RulebookPtr& book, const RawRequest& request);
  // Instead of plan(): leaves a begun request to a planner that plans it without begin(). Always
  // plugin::busyError.
  Error putOff(const RawRequest& request);
  // `book` may change between calls; instances and sandboxes made for an older one are dropped.
  // plugin::restartingError: nothing was done, the connector cannot be asked now; try again.
  // plugin::busyError, of a begun request: a planner that plans it without begin() waits for it.
  Result<store::FlowOutcome> plan(const RulebookPtr& book, const RawRequestPtr& request);
  // The same in three parts, so that the rules of many requests run together: draft() of each, then
  // judge() all of them, then finish() each. Drafts are used before the book changes.
  class Draft;
  Result<Draft> draft(const RulebookPtr& book, const RawRequestPtr& request);
  void judge(std::span<Draft> drafts);
  // plugin::restartingError: the rules cannot be run now, nothing was done.
  Result<store::FlowOutcome> finish(Draft& draft);
  // Sends one stored event through today's normalizers and routes. The outcome replaces the event.
  Result<store::FlowOutcome> replan(const RulebookPtr& book, const EventEnvelope& envelope);

 private:
  Result<plugin::HandleResult> handle(const RawRequest& request, JsonView body);
  Result<plugin::Instance*> instance(const RawRequest& request);
  void complete(Event& event, const RawRequest& request, bool first);
  void completePayload(Event& event, const RawRequest& request, JsonView body);
  static Event emitted(JsonView body);
  void addEvent(Draft& draft, Event event, JsonView body);
  void addShadow(Draft& draft, size_t index);
  Result<store::FlowOutcome> planOne(Draft draft);
  std::vector<Delivery> deliveriesOf(Draft& draft, size_t index);
  std::vector<Delivery> routed(const Event& event, const RawRequest& request,
                               const script::Ran<script::Routed>& ran);
  void noteShadow(const Draft& draft, size_t index);
  std::unique_ptr<JsonDoc> document();
  Delivery newDelivery(const Event& event, DeliveryState state, std::string reason);
  Delivery planned(const Event& event, const RawRequest& request,
                   const script::RouteTarget& target);
  void adopt(const RulebookPtr& book);

  const plugin::Registry& registry_;
  IdSource& ids_;
  const Clock& clock_;
  Freshness* const freshness_;
  ShadowBoard* const shadows_;
  script::RuleHost& rules_;
  std::unique_ptr<script::RuleRunner> runner_;
  RulebookPtr book_;
  uint64_t connectors_ = 0;  // generation of the registry that the instances are of
  std::map<std::string, std::unique_ptr<plugin::Instance>> instances_;  // by integration
  std::vector<std::unique_ptr<JsonDoc>> documents_;                     // not in use
};

// Draft: a request whose events are known; judge() asks the rules about them.
class Planner::Draft {
 public:
  Draft() = default;
  Draft(Draft&&) = default;
  Draft& operator=(Draft&&) = default;

 private:
  friend class Planner;
  // What live and shadow rules made of one event, for the shadow board.
  struct Shadow {
    size_t event = 0;
    const script::Ruleset* candidate = nullptr;
    RuleOutcome today, shadow;
    script::RuleTask today_task, shadow_task;
  };
  RawRequestPtr request;
  store::FlowOutcome outcome;  // without the events, until finish()
  bool again = false;
  std::vector<std::unique_ptr<JsonDoc>> documents;  // payloads are views of them
  std::vector<Event> events;
  std::vector<script::RuleTask> tasks;  // of each event; without rules: not to be run
  std::vector<Shadow> shadows;
};

}  // namespace junctor::flow
