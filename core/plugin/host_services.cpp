#include "plugin/host_services.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/time_text.h"
#include "plugin/call_context.h"

namespace junctor::plugin {
namespace {

log::Level levelOf(uint32_t level) {
  switch (level) {
    case JN_LOG_DEBUG:
      return log::Level::Debug;
    case JN_LOG_INFO:
      return log::Level::Info;
    case JN_LOG_WARN:
      return log::Level::Warn;
    default:
      return log::Level::Error;
  }
}

int32_t logEnabled(uint32_t level) {
  return log::enabled(levelOf(level)) ? 1 : 0;
}

std::string logLine(const jn_str* msg, const jn_map* fields) {
  std::string line = msg ? std::string(textOf(*msg)) : std::string();
  for (size_t i = 0; fields && fields->items && i < fields->len; ++i) {
    if (line.size() > limits::kConnectorLogBytesMax) break;
    line.append(" ").append(textOf(fields->items[i].key)).append("=");
    line.append(textOf(fields->items[i].val));
  }
  return oneLine(line, limits::kConnectorLogBytesMax);
}

void logWrite(const jn_call* call, uint32_t level, const jn_str* msg, const jn_map* fields) {
  if (!call || !log::enabled(levelOf(level))) return;
  CallContext& context = CallContext::of(call);
  if (!context.mayLog()) return;
  const CallTarget& target = context.target();
  log::write(levelOf(level), "connector",
             {{"connector", target.connector},
              {"tenant", target.tenant},
              {"integration", target.integration}},
             logLine(msg, fields));
}

int64_t unixMs(const jn_call* call) {
  return call ? CallContext::of(call).clock().unixMs() : 0;
}
uint64_t monotonicNs(const jn_call* call) {
  return call ? static_cast<uint64_t>(CallContext::of(call).clock().monotonicNs()) : 0;
}
jn_status parseTime(const jn_call* call, const jn_str* text, int64_t* out) {
  if (!call || !text || !out) return JN_E_INTERNAL;
  const auto time = parseTimeText(textOf(*text));
  *out = time.value_or(0);
  return time ? JN_OK : JN_E_INVALID;
}

}  // namespace

const jn_log& logService() {
  static constexpr jn_log kTable = {sizeof(jn_log), 0, logEnabled, logWrite};
  return kTable;
}

const void* hostInterface(std::string_view id) {
  static constexpr jn_clock kClock = {sizeof(jn_clock), 0, unixMs, monotonicNs, parseTime};
  if (id == JN_JSON_ID) return &jsonService();
  if (id == JN_CODEC_ID) return &codecService();
  if (id == JN_LOG_ID) return &logService();
  if (id == JN_CLOCK_ID) return &kClock;
  if (id == JN_CRYPTO_ID) return &cryptoService();
  if (id == JN_HTTP_ID) return &httpService();
  if (id == JN_KV_ID) return &kvService();
  if (id == JN_SECRETS_ID) return &secretsService();
  if (id == JN_METRICS_ID) return &metricsService();
  return nullptr;
}

}  // namespace junctor::plugin
