#include "conformance/probe.h"

#include <map>
#include <mutex>

#include "base/bytes.h"
#include "conformance/probe_services.h"

namespace junctor::conformance {
namespace {

constexpr size_t kTextBytesMax = 64 * 1024 * 1024;
constexpr size_t kLogLinesMax = 10'000;

struct Notes {
  std::mutex mutex;
  std::map<Breach, std::string> breaches;
  std::vector<LogLine> logs;
};
Notes& notes() {
  static Notes instance;
  return instance;
}

}  // namespace

void breach(Breach kind, std::string what) {
  std::lock_guard lock(notes().mutex);
  notes().breaches.emplace(kind, std::move(what));
}

std::optional<std::string> breachOf(Breach kind) {
  std::lock_guard lock(notes().mutex);
  const auto found = notes().breaches.find(kind);
  if (found == notes().breaches.end()) return std::nullopt;
  return found->second;
}

void keepLog(uint32_t level, std::string text) {
  std::lock_guard lock(notes().mutex);
  if (notes().logs.size() < kLogLinesMax) notes().logs.push_back({level, std::move(text)});
}

std::vector<LogLine> logs() {
  std::lock_guard lock(notes().mutex);
  return notes().logs;
}

Probe::Probe(HostShape shape) : shape_(std::move(shape)) {
  jn_host host{};
  host.struct_size = sizeof host;
  host.abi_major = JN_ABI_MAJOR;
  host.abi_minor = shape_.abi_minor;
  host.ctx = this;
  host.get_interface = interfaceFor;
  host.log = logFor;
  host_ = pool_.putObject(host, "jn_host");
}

const std::vector<std::string>& Probe::interfaceIds() {
  static const std::vector<std::string> ids = {JN_JSON_ID, JN_CODEC_ID,   JN_CLOCK_ID,
                                               JN_LOG_ID,  JN_CRYPTO_ID,  JN_HTTP_ID,
                                               JN_KV_ID,   JN_SECRETS_ID, JN_METRICS_ID};
  return ids;
}

const void* Probe::interfaceFor(const jn_host* host, const char* id) {
  if (!host || !id) {
    breach(Breach::Pointer, "get_interface of the host was called with NULL");
    return nullptr;
  }
  auto& self = *static_cast<Probe*>(host->ctx);
  self.asked_.insert(id);
  if (self.shape_.bare || self.shape_.missing.contains(id)) return nullptr;
  return probeInterface(id);
}

void Probe::logFor(const jn_host*, uint32_t level, const char* msg, size_t len) {
  keepLog(level, textFrom({msg, len}, "the text given to log"));
}

std::string textFrom(const jn_str& view, const char* what) {
  if (view.len == 0) return {};
  if (!view.ptr || view.len > kTextBytesMax) {
    breach(Breach::Pointer, std::string(what) + " claims " + std::to_string(view.len) +
                                " bytes at " + (view.ptr ? "its address" : "NULL"));
    return {};
  }
  std::string text(view.len, '\0');
  if (copyFrom(view.ptr, view.len, text.data())) return text;
  breach(Breach::Pointer, std::string(what) + " points at memory that cannot be read");
  return {};
}

}  // namespace junctor::conformance
