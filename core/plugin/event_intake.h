#pragma once
// EventIntake: events that a connector emitted in another process, checked here as if it had
// emitted them in this one. One at a time per thread, and none during a call in this process.
#include <junctor/junctor.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "plugin/connector.h"

namespace junctor::plugin {

class EventIntake {
 public:
  EventIntake(const std::string& connector, const Clock& clock);
  ~EventIntake();
  // Copies the event. False: it was refused, and finish() tells why.
  bool add(const jn_event& event);
  Result<HandleResult> finish() &&;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A connector's text as one clean line of bounded length, for logs and errors.
std::string oneLine(std::string_view text, size_t bytes_max);

}  // namespace junctor::plugin
