#pragma once
// FlowLease: a flow's delivery, handed out by the dispatcher. Whoever has it ends it once, within
// limits::kDeliveryLeaseMs, with one of the two functions; both may be called on any thread.
#include <functional>

#include "model/delivery.h"
#include "model/event.h"
#include "store/store.h"

namespace junctor::delivery {

struct FlowLease {
  Delivery delivery;
  EventPtr event;
  // An attempt ended: recorded, and the lease with it. Delivery and number are filled in.
  std::function<void(store::AttemptRecord)> conclude;
  // Nothing to record; the store says already when it is due.
  std::function<void(int64_t due_at_ms)> suspend;
};
using FlowRunner = std::function<void(FlowLease)>;

}  // namespace junctor::delivery
