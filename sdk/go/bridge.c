#include "bridge.h"

#include <string.h>

#include "_cgo_export.h"

static const jn_clock* host_clock;
static const jn_log* host_log;

jn_status jngo_fail(const jn_call* call, jn_status status, uint64_t retry_after_ms,
                    const char* message, size_t len) {
  jn_error error;
  memset(&error, 0, sizeof error);
  error.struct_size = sizeof error;
  error.status = status;
  error.retry_after_ms = retry_after_ms;
  error.message.ptr = message;
  error.message.len = len;
  return call->fail(call, &error);
}

jn_status jngo_emit(const jn_webhook_sink* sink, const jn_event* event) {
  return sink->event(sink, event);
}

int32_t jngo_cancelled(const jn_call* call) {
  return call->cancelled(call);
}

void* jngo_alloc(const jn_call* call, size_t size) {
  return call->alloc(call, size, 8);
}

int jngo_parse_time(const jn_call* call, const char* text, size_t len, int64_t* out_unix_ms) {
  const jn_str view = {text, len};
  return host_clock->parse(call, &view, out_unix_ms) == JN_OK;
}

int64_t jngo_unix_ms(const jn_call* call) {
  return host_clock->unix_ms(call);
}

void jngo_log(const jn_call* call, uint32_t level, const char* text, size_t len) {
  const jn_str line = {text, len};
  host_log->write(call, level, &line, NULL);
}

// Instances are handles of the Go side, never addresses.
static jn_status create(const jn_call* call, const jn_str* config, jn_instance** out) {
  return jngoCreate((jn_call*)call, (jn_str*)config, (uintptr_t*)out);
}

static void destroy(jn_instance* instance) {
  jngoDestroy((uintptr_t)instance);
}

static jn_status handle(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  return jngoHandle((jn_call*)call, (uintptr_t)instance, (jn_http_in*)request,
                    (jn_webhook_sink*)sink);
}

static jn_status open_plugin(const jn_plugin* self, const jn_host* host) {
  (void)self;
  host_clock = host->get_interface(host, JN_CLOCK_ID);
  host_log = host->get_interface(host, JN_LOG_ID);
  return host_clock && host_log ? JN_OK : JN_E_UNSUPPORTED;
}

static void close_plugin(const jn_plugin* self) {
  (void)self;
}

static const void* interface_of(const jn_plugin* self, const char* id) {
  static const jn_connector kConnector = {sizeof(jn_connector), 0, create, destroy, NULL};
  static const jn_webhook kWebhook = {sizeof(jn_webhook), 0, NULL, handle};
  (void)self;
  if (!id) return NULL;
  if (strcmp(id, JN_CONNECTOR_ID) == 0) return &kConnector;
  if (strcmp(id, JN_WEBHOOK_ID) == 0) return &kWebhook;
  return NULL;
}

JN_EXPORT const jn_plugin* junctor_plugin_v1(uint32_t host_abi_minor) {
  static jn_plugin plugin = {sizeof(jn_plugin), JN_ABI_MAJOR, 0,           0, {NULL, 0}, {NULL, 0},
                             open_plugin,       close_plugin, interface_of};
  (void)host_abi_minor;
  // The first call waits for the Go runtime and the connector's init().
  if (!plugin.id.ptr && !jngoIdentity(&plugin.id, &plugin.version)) return NULL;
  return &plugin;
}
