#pragma once
// EventCollector: the sink of junctor.webhook/1. Copies and checks what a connector emits.
#include <junctor/junctor.h>

#include "base/result.h"
#include "plugin/call_context.h"
#include "plugin/connector.h"

namespace junctor::plugin {

class EventCollector {
 public:
  explicit EventCollector(CallContext& context);

  const jn_webhook_sink* sink() const { return &sink_; }
  // The events, or the error of a call that returned `status`. A refused event fails the call, even
  // if the connector returned JN_OK.
  Result<HandleResult> finish(jn_status status) &&;

 private:
  static jn_status eventFor(const jn_webhook_sink* sink, const jn_event* event);
  static jn_status replyFor(const jn_webhook_sink* sink, const jn_reply* reply);
  jn_status add(const jn_event& event);
  jn_status refuse(jn_status status, std::string_view why);
  // One JSON member: copied if it is empty or valid.
  bool copyJson(const jn_str& text, std::string& out);

  jn_webhook_sink sink_;
  CallContext& context_;
  HandleResult result_;
  jn_status refused_ = JN_OK;
  std::string why_;
};

}  // namespace junctor::plugin
