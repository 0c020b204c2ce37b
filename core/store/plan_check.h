#pragma once
// What every engine refuses before it writes.
#include <vector>

#include "store/store.h"

namespace junctor::store {

// Are the deliveries of a plan storable as they are: whole ids, a state a plan may have?
Result<void> checkPlan(const std::vector<Delivery>& deliveries);
// Is the outcome whole: ids that fit together, every delivery of one of its events?
Result<void> checkOutcome(const FlowOutcome& outcome);

// The states that the end of an attempt may leave.
bool mayEndAttempt(DeliveryState state);
// The store's Pending may be Running in memory: only the store's callers know who is at work.
DeliveryState asLeased(DeliveryState stored);
Error illegal(DeliveryId id, DeliveryState from, DeliveryState to);

}  // namespace junctor::store
