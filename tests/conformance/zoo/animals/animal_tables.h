/* The tables of an animal: good parts, except for those it has replaced. */
#ifndef OPEN
#define OPEN good_open
#endif
#ifndef CLOSE
#define CLOSE good_close
#endif
#ifndef CREATE
#define CREATE good_create
#endif
#ifndef DESTROY
#define DESTROY good_destroy
#endif
#ifndef TEST
#define TEST NULL
#endif
#ifndef HANDLE
#define HANDLE good_handle
#endif
#ifndef VERIFY
#define VERIFY NULL
#endif
#ifndef PLUGIN_SIZE
#define PLUGIN_SIZE sizeof(jn_plugin)
#endif
#ifndef PLUGIN_ID
#define PLUGIN_ID JUNCTOR_CONNECTOR_ID
#endif
#ifndef ACCEPTS
#define ACCEPTS(minor) 1
#endif

static const jn_connector connector_table = {sizeof(jn_connector), 0, CREATE, DESTROY, TEST};
static const jn_webhook webhook_table = {sizeof(jn_webhook), 0, VERIFY, HANDLE};

#ifndef INTERFACE
#define INTERFACE good_interface
static const void* good_interface(const jn_plugin* self, const char* id) {
  (void)self;
  if (strcmp(id, JN_CONNECTOR_ID) == 0) return &connector_table;
  if (strcmp(id, JN_WEBHOOK_ID) == 0) return &webhook_table;
#ifdef EXECUTE
  if (strcmp(id, JN_ACTIONS_ID) == 0) {
    static const jn_actions actions_table = {sizeof(jn_actions), 0, EXECUTE};
    return &actions_table;
  }
#endif
#ifdef LIST_FIELDS
  if (strcmp(id, JN_FIELDS_ID) == 0) {
    static const jn_fields fields_table = {sizeof(jn_fields), 0, LIST_FIELDS};
    return &fields_table;
  }
#endif
#ifdef SUBSCRIBE
  if (strcmp(id, JN_HOOKS_ID) == 0) {
    static const jn_hooks hooks_table = {sizeof(jn_hooks), 0,    SUBSCRIBE,
                                         UNSUBSCRIBE,      NULL, LIST_HOOKS};
    return &hooks_table;
  }
#endif
#ifdef POLL
  if (strcmp(id, JN_POLL_ID) == 0) {
    static const jn_poll poll_table = {sizeof(jn_poll), 0, POLL};
    return &poll_table;
  }
#endif
  return NULL;
}
#else
static const void* INTERFACE(const jn_plugin* self, const char* id);
#endif

static const jn_plugin plugin_table = {
    PLUGIN_SIZE,
    JN_ABI_MAJOR,
    0,
    0,
    {PLUGIN_ID, sizeof(PLUGIN_ID) - 1},
    {JUNCTOR_CONNECTOR_VERSION, sizeof(JUNCTOR_CONNECTOR_VERSION) - 1},
    OPEN,
    CLOSE,
    INTERFACE};

#ifdef __cplusplus
extern "C"
#endif
    JN_EXPORT const jn_plugin*
    junctor_plugin_v1(uint32_t host_abi_minor) {
  (void)host_abi_minor;
  return ACCEPTS(host_abi_minor) ? &plugin_table : NULL;
}
