#include "plugin/collector.h"

#include <fmt/core.h>

#include "plugin/gate_rules.h"

namespace junctor::plugin {

jn_status Collector::refuse(jn_status status, std::string_view why) {
  if (refused_ == JN_OK) {
    refused_ = status;
    why_ = why;
  }
  return refused_;
}

jn_status Collector::mayGoOn() {
  if (refused_ != JN_OK) return refused_;
  switch (context_.stopped()) {
    case JN_OK:
      return JN_OK;
    case JN_E_CANCELLED:
      return refuse(JN_E_CANCELLED, "was cancelled");
    default:
      return refuse(JN_E_DEADLINE, "took longer than its budget");
  }
}

Result<void> Collector::verdict(jn_status status) const {
  if (refused_ != JN_OK) {
    return makeError(errorCodeOf(refused_),
                     fmt::format("{}: {}", context_.target().connector, why_));
  }
  if (status != JN_OK) return context_.errorOf(status);
  return {};
}

bool Collector::copyText(const jn_str& text, size_t bytes_max, std::string& out) {
  if ((!text.ptr && text.len > 0) || text.len > bytes_max || !cleanText(textOf(text))) return false;
  out = textOf(text);
  return true;
}

bool Collector::copyJson(const jn_str& text, std::string& out) const {
  if (!text.ptr && text.len > 0) return false;
  const std::string_view json = textOf(text);
  if (!json.empty() && !context_.knownJson(json) && !checkJson(json)) return false;
  out = json;
  return true;
}

}  // namespace junctor::plugin
