#pragma once
// Sinks for events: of junctor.webhook/1 and junctor.poll/1. Copy and check what a connector emits.
#include <junctor/junctor.h>

#include "plugin/collector.h"
#include "plugin/connector.h"

namespace junctor::plugin {

// The part both share.
class EventList : public Collector {
 public:
  using Collector::Collector;

 protected:
  // Without a body, an event must bring its own payload.
  jn_status add(const jn_event* event, bool needs_payload);
  std::vector<Event> events_;

 private:
  jn_status copyFields(const jn_event& event, Event& out);
};

class EventCollector final : public EventList {
 public:
  // `replies`: the sender still waits for its answer.
  explicit EventCollector(CallContext& context, bool replies = false);

  const jn_webhook_sink* sink() const { return &sink_; }
  // The events, or the error of a call that returned `status`. A refused event fails the call, even
  // if the connector returned JN_OK.
  Result<HandleResult> finish(jn_status status) &&;

 private:
  static jn_status eventFor(const jn_webhook_sink* sink, const jn_event* event);
  static jn_status replyFor(const jn_webhook_sink* sink, const jn_reply* reply);

  jn_status setReply(const jn_reply* given);

  jn_webhook_sink sink_;
  const bool replies_;
  std::optional<Reply> reply_;
};

class PollCollector final : public EventList {
 public:
  explicit PollCollector(CallContext& context);

  const jn_poll_sink* sink() const { return &sink_; }
  Result<PollResult> finish(jn_status status) &&;

 private:
  static jn_status eventFor(const jn_poll_sink* sink, const jn_event* event);
  static jn_status nextFor(const jn_poll_sink* sink, const jn_poll_next* next);
  jn_status setNext(const jn_poll_next* given);

  jn_poll_sink sink_;
  PollResult result_;
  bool has_next_ = false;
};

}  // namespace junctor::plugin
