/* A connector that does nothing but answer with one event of 1 KB: what is measured is the host. */
#include <junctor/junctor.h>
#include <string.h>

static char g_payload[1024];

static jn_status handle(const jn_call *call, jn_instance *instance, const jn_http_in *request,
                        const jn_webhook_sink *sink) {
  (void)call, (void)instance, (void)request;
  jn_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.type.ptr = "bench.tick";
  event.type.len = 10;
  event.payload_json.ptr = g_payload;
  event.payload_json.len = sizeof g_payload;
  return sink->event(sink, &event);
}

static jn_status create(const jn_call *call, const jn_str *config, jn_instance **out) {
  (void)call, (void)config;
  *out = (jn_instance *)(void *)g_payload;
  return JN_OK;
}
static void destroy(jn_instance *instance) {
  (void)instance;
}

static jn_status open_connector(const jn_plugin *self, const jn_host *host) {
  (void)self, (void)host;
  memset(g_payload, 'x', sizeof g_payload);
  g_payload[0] = g_payload[sizeof g_payload - 1] = '"';
  return JN_OK;
}

static const void *interface_of(const jn_plugin *self, const char *id) {
  static const jn_connector kConnector = {sizeof(jn_connector), 0, create, destroy, NULL};
  static const jn_webhook kWebhook = {sizeof(jn_webhook), 0, NULL, handle};
  (void)self;
  if (strcmp(id, JN_CONNECTOR_ID) == 0) return &kConnector;
  if (strcmp(id, JN_WEBHOOK_ID) == 0) return &kWebhook;
  return NULL;
}

const jn_plugin *junctor_plugin_v1(uint32_t host_abi_minor) {
  static const jn_plugin kPlugin = {
      sizeof(jn_plugin),
      JN_ABI_MAJOR,
      0,
      0,
      {JUNCTOR_CONNECTOR_ID, sizeof(JUNCTOR_CONNECTOR_ID) - 1},
      {JUNCTOR_CONNECTOR_VERSION, sizeof(JUNCTOR_CONNECTOR_VERSION) - 1},
      open_connector,
      NULL,
      interface_of};
  (void)host_abi_minor;
  return &kPlugin;
}
