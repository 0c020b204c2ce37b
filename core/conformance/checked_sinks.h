#pragma once
// Sinks that keep what a connector gives as text, and check every byte of it.
#include <junctor/junctor.h>

#include <string>
#include <vector>

#include "conformance/guarded.h"

namespace junctor::conformance {

struct SeenEvent {
  std::string type, id, resource_type, resource_id;
  std::string actor_json, data_json, payload_json, metadata_json;
  int64_t occurred_ms = 0, sequence = 0;
  uint32_t flags = 0;
  bool operator==(const SeenEvent&) const = default;
};

// One webhook or poll sink, for one call.
class EventSink {
 public:
  // `refuse_from`: this event and all later ones are answered with `refusal`; 0 = none.
  explicit EventSink(size_t refuse_from = 0, jn_status refusal = JN_E_TOO_LARGE);

  const jn_webhook_sink* webhook() const { return webhook_; }
  const jn_poll_sink* poll() const { return poll_; }

  const std::vector<SeenEvent>& events() const { return events_; }
  size_t offered() const { return offered_; }              // events it was called with
  const std::string& refused() const { return refused_; }  // why an event was; "" = none
  size_t replies() const { return replies_; }
  size_t nexts() const { return nexts_; }
  const std::string& cursor() const { return cursor_; }

 private:
  static jn_status webhookEvent(const jn_webhook_sink* sink, const jn_event* event);
  static jn_status webhookReply(const jn_webhook_sink* sink, const jn_reply* reply);
  static jn_status pollEvent(const jn_poll_sink* sink, const jn_event* event);
  static jn_status pollNext(const jn_poll_sink* sink, const jn_poll_next* next);
  jn_status take(const jn_event* event, bool needs_payload);

  GuardedPool pool_;
  const jn_webhook_sink* webhook_ = nullptr;
  const jn_poll_sink* poll_ = nullptr;
  size_t refuse_from_;
  jn_status refusal_;
  size_t offered_ = 0, replies_ = 0, nexts_ = 0;
  std::vector<SeenEvent> events_;
  std::string cursor_, refused_;
};

// "type=…|id=…": equal text, equal events.
std::string asText(const std::vector<SeenEvent>& events);

}  // namespace junctor::conformance
