#include "bridge.h"

#include <string.h>

#include "_cgo_export.h"

static const jn_clock* host_clock;
static const jn_log* host_log;
// What only some connectors need; a host may be without.
static const jn_http* host_http;
static const jn_secrets* host_secrets;
static const jn_crypto* host_crypto;
static int offered;

jn_status jngo_fail(const jn_call* call, jn_status status, uint32_t http_status,
                    uint64_t retry_after_ms, const char* message, size_t len) {
  jn_error error;
  memset(&error, 0, sizeof error);
  error.struct_size = sizeof error;
  error.status = status;
  error.http_status = http_status;
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

jn_status jngo_http(const jn_call* call, const jn_http_request* request, jn_http_response* out) {
  return host_http ? host_http->send(call, request, out) : JN_E_UNSUPPORTED;
}

jn_status jngo_secret(const jn_call* call, const jn_str* name, jn_str* out) {
  return host_secrets ? host_secrets->get(call, name, out) : JN_E_UNSUPPORTED;
}

jn_status jngo_verify_mac(const jn_call* call, uint32_t alg, const jn_str* message,
                          const jn_str* tag) {
  return host_crypto ? host_crypto->verify_mac(call, alg, message, 1, tag) : JN_E_UNSUPPORTED;
}

jn_status jngo_result(const jn_action_sink* sink, const jn_action_result* result) {
  return sink->result(sink, result);
}

jn_status jngo_field(const jn_field_sink* sink, const jn_field* field) {
  return sink->field(sink, field);
}

jn_status jngo_hook(const jn_hook_sink* sink, const jn_hook* hook) {
  return sink->hook(sink, hook);
}

jn_status jngo_polled(const jn_poll_sink* sink, const jn_event* event) {
  return sink->event(sink, event);
}

jn_status jngo_next(const jn_poll_sink* sink, const jn_poll_next* next) {
  return sink->next(sink, next);
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

static jn_status verify(const jn_call* call, jn_instance* instance, const jn_http_in* request) {
  return jngoVerify((jn_call*)call, (uintptr_t)instance, (jn_http_in*)request);
}

static jn_status test(const jn_call* call, jn_instance* instance, const jn_str* params) {
  return jngoTest((jn_call*)call, (uintptr_t)instance, (jn_str*)params);
}

static jn_status execute(const jn_call* call, jn_instance* instance, const jn_action* action,
                         const jn_action_sink* sink) {
  return jngoExecute((jn_call*)call, (uintptr_t)instance, (jn_action*)action,
                     (jn_action_sink*)sink);
}

static jn_status list_fields(const jn_call* call, jn_instance* instance, const jn_str* object,
                             const jn_field_sink* sink) {
  return jngoFields((jn_call*)call, (uintptr_t)instance, (jn_str*)object, (jn_field_sink*)sink);
}

static jn_status subscribe(const jn_call* call, jn_instance* instance,
                           const jn_hook_request* request, const jn_hook_sink* sink) {
  return jngoSubscribe((jn_call*)call, (uintptr_t)instance, (jn_hook_request*)request,
                       (jn_hook_sink*)sink);
}

static jn_status unsubscribe(const jn_call* call, jn_instance* instance, const jn_str* hook_id) {
  return jngoUnsubscribe((jn_call*)call, (uintptr_t)instance, (jn_str*)hook_id);
}

static jn_status renew(const jn_call* call, jn_instance* instance, const jn_hook* hook,
                       const jn_hook_sink* sink) {
  return jngoRenew((jn_call*)call, (uintptr_t)instance, (jn_hook*)hook, (jn_hook_sink*)sink);
}

static jn_status list_hooks(const jn_call* call, jn_instance* instance, const jn_hook_sink* sink) {
  return jngoHooks((jn_call*)call, (uintptr_t)instance, (jn_hook_sink*)sink);
}

static jn_status poll(const jn_call* call, jn_instance* instance, const jn_poll_request* request,
                      const jn_poll_sink* sink) {
  return jngoPoll((jn_call*)call, (uintptr_t)instance, (jn_poll_request*)request,
                  (jn_poll_sink*)sink);
}

static jn_status open_plugin(const jn_plugin* self, const jn_host* host) {
  (void)self;
  host_clock = host->get_interface(host, JN_CLOCK_ID);
  host_log = host->get_interface(host, JN_LOG_ID);
  host_http = host->get_interface(host, JN_HTTP_ID);
  host_secrets = host->get_interface(host, JN_SECRETS_ID);
  host_crypto = host->get_interface(host, JN_CRYPTO_ID);
  return host_clock && host_log ? JN_OK : JN_E_UNSUPPORTED;
}

static void close_plugin(const jn_plugin* self) {
  (void)self;
}

static const void* interface_of(const jn_plugin* self, const char* id) {
  static const jn_connector kConnector = {sizeof(jn_connector), 0, create, destroy, test};
  static const jn_webhook kWebhook = {sizeof(jn_webhook), 0, verify, handle};
  static const jn_actions kActions = {sizeof(jn_actions), 0, execute};
  static const jn_fields kFields = {sizeof(jn_fields), 0, list_fields};
  static const jn_hooks kHooks = {sizeof(jn_hooks), 0, subscribe, unsubscribe, renew, list_hooks};
  static const jn_poll kPoll = {sizeof(jn_poll), 0, poll};
  (void)self;
  if (!id) return NULL;
  if (strcmp(id, JN_CONNECTOR_ID) == 0) return &kConnector;
  if ((offered & JNGO_WEBHOOK) && strcmp(id, JN_WEBHOOK_ID) == 0) return &kWebhook;
  if ((offered & JNGO_ACTIONS) && strcmp(id, JN_ACTIONS_ID) == 0) return &kActions;
  if ((offered & JNGO_FIELDS) && strcmp(id, JN_FIELDS_ID) == 0) return &kFields;
  if ((offered & JNGO_HOOKS) && strcmp(id, JN_HOOKS_ID) == 0) return &kHooks;
  if ((offered & JNGO_POLL) && strcmp(id, JN_POLL_ID) == 0) return &kPoll;
  return NULL;
}

JN_EXPORT const jn_plugin* junctor_plugin_v1(uint32_t host_abi_minor) {
  static jn_plugin plugin = {sizeof(jn_plugin), JN_ABI_MAJOR, 0,           0, {NULL, 0}, {NULL, 0},
                             open_plugin,       close_plugin, interface_of};
  (void)host_abi_minor;
  // The first call waits for the Go runtime and the connector's init().
  if (!plugin.id.ptr && !jngoIdentity(&plugin.id, &plugin.version, &offered)) {
    return NULL;
  }
  return &plugin;
}
