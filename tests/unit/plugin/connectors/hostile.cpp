// A connector that breaks the contract without the SDK's help: at load, as compiled in by
// HOSTILE_…, and in calls, as the body says.
#include <junctor/junctor.h>

#include <cstring>
#include <stdexcept>
#include <string_view>

#ifndef HOSTILE_ID
#define HOSTILE_ID JUNCTOR_CONNECTOR_ID
#endif
#ifndef HOSTILE_VERSION
#define HOSTILE_VERSION JUNCTOR_CONNECTOR_VERSION
#endif
#ifndef HOSTILE_MAJOR
#define HOSTILE_MAJOR JN_ABI_MAJOR
#endif

namespace {

jn_str str(std::string_view text) {
  return {text.data(), text.size()};
}

jn_event event(std::string_view type = "fine") {
  jn_event out{};
  out.struct_size = sizeof out;
  out.type = str(type);
  return out;
}

jn_status failWith(const jn_call* call, jn_status status, std::string_view message) {
  jn_error error{};
  error.struct_size = sizeof error;
  error.status = status;
  error.retry_after_ms = 7'000;
  error.code = str("E42");
  error.message = str(message);
  return call->fail(call, &error);
}

jn_status emitMany(const jn_webhook_sink* sink, int count) {
  const jn_event one = event();
  jn_status status = JN_OK;
  for (int i = 0; i < count; ++i) status = sink->event(sink, &one);
  return status;
}

jn_status emitWrong(std::string_view what, const jn_webhook_sink* sink) {
  jn_event out = event();
  static char long_type[300];
  std::memset(long_type, 'x', sizeof long_type);
  if (what == "null-event") return sink->event(sink, nullptr);
  if (what == "null-text") out.resource_id = {nullptr, 5};
  if (what == "small-event") out.struct_size = 16;
  if (what == "no-type") out.type = {};
  if (what == "long-type") out.type = {long_type, sizeof long_type};
  if (what == "control-type") out.type = str("a\nb");
  if (what == "latin-type") out.type = str("caf\xe9");
  if (what == "bad-data") out.data_json = str("{\"a\":}");
  if (what == "bad-actor") out.actor_json = str("{} {}");
  if (what == "bad-payload") out.payload_json = str("nope");
  if (what == "bad-metadata") out.metadata_json = str("\"\xff\"");
  sink->event(sink, &out);
  return JN_OK;  // as if nothing had happened
}

jn_status handle(const jn_call* call, jn_instance*, const jn_http_in* request,
                 const jn_webhook_sink* sink) {
  const std::string_view what(request->body.ptr, request->body.len);
  if (what == "throw") throw std::runtime_error("thrown across the C boundary");
  if (what == "throw-int") throw 42;
  if (what == "1000-events") return emitMany(sink, 1000);
  if (what == "1001-events") return emitMany(sink, 1001);
  if (what == "events-then-error") {
    emitMany(sink, 3);
    return failWith(call, JN_E_UNAVAILABLE, "line one\nline two");
  }
  if (what == "unknown-status") return -99;
  if (what == "positive-status") return 7;
  if (what == "fail-without-status") return failWith(call, JN_OK, "half an error");
  if (what == "reply") return sink->reply(sink, nullptr);
  if (what == "slow") {
    while (!call->cancelled(call)) {
    }
    return emitMany(sink, 1);
  }
  if (what == "long-id") {
    static char id[5000];
    std::memset(id, 'i', sizeof id);
    jn_event out = event();
    out.id = {id, sizeof id};
    out.flags = JN_EVENT_HAS_SEQUENCE;
    out.sequence = 9;
    return sink->event(sink, &out);
  }
  return emitWrong(what, sink);
}

jn_status create(const jn_call* call, const jn_str* config, jn_instance** out) {
  const std::string_view settings(config->ptr, config->len);
  if (settings == R"({"create":"throw"})") throw std::runtime_error("thrown by create");
  if (settings == R"({"create":"nothing"})") return JN_OK;
  if (settings == R"({"create":"refuse"})") return failWith(call, JN_E_INVALID, "settings.x: no");
  static int instance;
  *out = reinterpret_cast<jn_instance*>(&instance);
  return JN_OK;
}
void destroy(jn_instance*) {
  throw 1;
}

jn_status openHostile(const jn_plugin*, const jn_host*) {
#ifdef HOSTILE_OPEN_FAILS
  return JN_E_UNAVAILABLE;
#elif defined(HOSTILE_OPEN_THROWS)
  throw std::runtime_error("thrown by open");
#else
  return JN_OK;
#endif
}

const void* interfaceOf(const jn_plugin*, const char* id) {
  static const jn_connector kConnector = {sizeof(jn_connector), 0, create, destroy, nullptr};
#ifdef HOSTILE_SMALL_TABLE
  [[maybe_unused]] static const jn_webhook kWebhook = {8, 0, nullptr, handle};
#else
  [[maybe_unused]] static const jn_webhook kWebhook = {sizeof(jn_webhook), 0, nullptr, handle};
#endif
  if (std::string_view(id) == JN_CONNECTOR_ID) return &kConnector;
#ifndef HOSTILE_NO_WEBHOOK
  if (std::string_view(id) == JN_WEBHOOK_ID) return &kWebhook;
#endif
  return nullptr;
}

}  // namespace

#ifndef HOSTILE_NO_ENTRY
extern "C" const jn_plugin* junctor_plugin_v1(uint32_t) {
  [[maybe_unused]] static const jn_plugin kPlugin = {sizeof(jn_plugin),
                                                     HOSTILE_MAJOR,
                                                     0,
                                                     0,
                                                     {HOSTILE_ID, sizeof(HOSTILE_ID) - 1},
                                                     {HOSTILE_VERSION, sizeof(HOSTILE_VERSION) - 1},
                                                     openHostile,
                                                     nullptr,
                                                     interfaceOf};
#ifdef HOSTILE_REFUSES
  return nullptr;
#else
  return &kPlugin;
#endif
}
#endif
