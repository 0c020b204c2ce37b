#pragma once
// Planner: one raw request -> events and planned deliveries. No I/O: connector, normalizers and
// routes run here, on one worker thread; the result is stored by the caller.
// Whatever fails becomes a dead letter with its cause; nothing passes on unmodified.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json_doc.h"
#include "flow/freshness.h"
#include "flow/rulebook.h"
#include "flow/shadow_board.h"
#include "plugin/connector.h"
#include "script/rules.h"
#include "store/store.h"

namespace junctor::flow {

class Planner {
 public:
  // Type of an event whose connector failed: "<connector>.unprocessed".
  static constexpr const char* kUnprocessed = ".unprocessed";
  // `connector` of the requests that flows emit, and `source` of their events.
  static constexpr const char* kEmitted = "junctor";

  // `shadows` hears what shadow rules would do; may be null.
  // `freshness` tells which events are stale; null: what the event says stays.
  Planner(const plugin::Registry& registry, IdSource& ids, const Clock& clock,
          Freshness* freshness = nullptr, ShadowBoard* shadows = nullptr);

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
  // Sends one stored event through today's normalizers and routes. The outcome replaces the event.
  store::FlowOutcome replan(const RulebookPtr& book, const EventEnvelope& envelope);

 private:
  Result<plugin::HandleResult> handle(const RawRequest& request, JsonView body);
  Result<plugin::Instance*> instance(const RawRequest& request);
  void complete(Event& event, const RawRequest& request, bool first);
  void completePayload(Event& event, const RawRequest& request, JsonView body);
  store::FlowOutcome planEmitted(const RawRequest& request, JsonView body);
  void planEvent(Event event, const RawRequest& request, JsonView body,
                 store::FlowOutcome& outcome);
  std::vector<Delivery> route(const Event& event, const RawRequest& request, JsonView payload);
  void runShadow(const Event& event, JsonView payload);
  Delivery newDelivery(const Event& event, DeliveryState state, std::string reason);
  Delivery planned(const Event& event, const RawRequest& request,
                   const script::RouteTarget& target);
  JsonView payloadOf(const Event& event, JsonView body);
  void adopt(const RulebookPtr& book);

  const plugin::Registry& registry_;
  IdSource& ids_;
  const Clock& clock_;
  Freshness* const freshness_;
  ShadowBoard* const shadows_;
  std::unique_ptr<script::RuleRunner> runner_;
  RulebookPtr book_;
  uint64_t connectors_ = 0;  // generation of the registry that the instances are of
  std::map<std::string, std::unique_ptr<plugin::Instance>> instances_;  // by integration
  JsonDoc body_document_;
  JsonDoc payload_document_;
};

}  // namespace junctor::flow
