#include "store/plan_check.h"

#include <unordered_set>

#include "store/row_codec.h"

namespace junctor::store {
namespace {

bool mayBePlanned(DeliveryState state) {
  return state == DeliveryState::Pending || state == DeliveryState::Filtered ||
         state == DeliveryState::Dead || state == DeliveryState::Discarded;
}

// Every delivery must belong to an event of the same outcome.
Result<void> checkOwners(const FlowOutcome& outcome) {
  std::unordered_set<EventId> ids;
  if (outcome.events.size() > 1) {
    for (const Event& event : outcome.events) ids.insert(event.id);
    if (ids.size() != outcome.events.size()) return invalidArgument("an event id occurs twice");
  }
  for (const Delivery& delivery : outcome.deliveries) {
    const bool known = outcome.events.size() > 1 ? ids.contains(delivery.event_id)
                                                 : delivery.event_id == outcome.events.front().id;
    if (!known) return invalidArgument("a delivery of a flow outcome names an unknown event");
  }
  return {};
}

}  // namespace

Result<void> checkPlan(const std::vector<Delivery>& deliveries) {
  for (const Delivery& delivery : deliveries) {
    if (!storable(delivery.id.uuid)) return invalidArgument("a delivery's id must be a UUIDv7");
    if (!mayBePlanned(delivery.state)) {
      return invalidArgument("a new delivery may not be " + std::string(toString(delivery.state)));
    }
  }
  return {};
}

Result<void> checkOutcome(const FlowOutcome& outcome) {
  if (outcome.events.empty() ||
      (!outcome.again && outcome.events.front().id != outcome.request_id)) {
    return invalidArgument("a flow outcome's first event must have its request's id");
  }
  for (const Event& event : outcome.events) {
    if (!storable(event.id.uuid) || !storable(event.request_id.uuid)) {
      return invalidArgument("an event's id must be a UUIDv7");
    }
  }
  JUNCTOR_CHECK(checkPlan(outcome.deliveries));
  return checkOwners(outcome);
}

bool mayEndAttempt(DeliveryState state) {
  return state == DeliveryState::Pending || state == DeliveryState::Delivered ||
         state == DeliveryState::Dead || state == DeliveryState::Waiting;
}

DeliveryState asLeased(DeliveryState stored) {
  return stored == DeliveryState::Pending ? DeliveryState::Running : stored;
}

Error illegal(DeliveryId id, DeliveryState from, DeliveryState to) {
  return invalidArgument(id.text() + " is " + std::string(toString(from)) + " and may not become " +
                         std::string(toString(to)));
}

}  // namespace junctor::store
