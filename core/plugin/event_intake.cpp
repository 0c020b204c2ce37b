#include "plugin/event_intake.h"

#include "plugin/event_collector.h"

namespace junctor::plugin {

struct EventIntake::Impl {
  Impl(const std::string& id, const Clock& clock)
      : connector(id),
        target{connector, {}, {}, {}, JsonView()},
        collector(CallContext::begin(target, clock, JN_CALL_NO_IO)) {}

  const std::string connector;
  const CallTarget target;
  EventCollector collector;
};

EventIntake::EventIntake(const std::string& connector, const Clock& clock)
    : impl_(std::make_unique<Impl>(connector, clock)) {}

EventIntake::~EventIntake() = default;

bool EventIntake::add(const jn_event& event) {
  return impl_->collector.sink()->event(impl_->collector.sink(), &event) == JN_OK;
}

Result<HandleResult> EventIntake::finish() && {
  return std::move(impl_->collector).finish(JN_OK);
}

}  // namespace junctor::plugin
