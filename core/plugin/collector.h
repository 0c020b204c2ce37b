#pragma once
// Collector: what all sinks share. The first refusal sticks: it fails the call, whatever the
// connector returns then.
#include <string>

#include "base/json_doc.h"
#include "base/result.h"
#include "plugin/call_context.h"

namespace junctor::plugin {

class Collector {
 public:
  explicit Collector(CallContext& context) : context_(context) {}
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

 protected:
  jn_status refuse(jn_status status, std::string_view why);
  // JN_OK, the first refusal, or the call's end.
  jn_status mayGoOn();
  // The error of a call that returned `status`, or none.
  Result<void> verdict(jn_status status) const;

  // Copies of clean text (UTF-8, no control characters) up to a length. False: it is not.
  static bool copyText(const jn_str& text, size_t bytes_max, std::string& out);
  // One JSON value, or empty. False: it is not.
  bool copyJson(const jn_str& text, std::string& out) const;

  CallContext& context_;

 private:
  jn_status refused_ = JN_OK;
  std::string why_;
};

}  // namespace junctor::plugin
