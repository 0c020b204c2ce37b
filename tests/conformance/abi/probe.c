/* A connector that uses every interface of ABI 1.0, in plain C99. It is built from the frozen
 * headers of each release and must load and pass in this host; built from headers that have grown,
 * too. */
#include <junctor/junctor.h>
#include <string.h>

#ifndef PROBE_MIN_MINOR
#define PROBE_MIN_MINOR 0
#endif

static const jn_json* json;
static const jn_codec* codec;
static const jn_clock* clock_table;
static const jn_log* log_table;
static const jn_crypto* crypto;
static const jn_http* http;
static const jn_kv_store* kv;
static const jn_secrets* secrets;
static const jn_metrics* metrics;

static jn_str str(const char* text) {
  jn_str view;
  view.ptr = text;
  view.len = strlen(text);
  return view;
}
static int same(jn_str text, const char* expected) {
  return text.len == strlen(expected) && memcmp(text.ptr, expected, text.len) == 0;
}
static jn_status failed(const jn_call* call, const char* what) {
  jn_error error;
  memset(&error, 0, sizeof error);
  error.struct_size = sizeof error;
  error.status = JN_E_INTERNAL;
  error.message = str(what);
  return call->fail(call, &error);
}
#define EXPECT(condition) \
  if (!(condition)) return failed(call, #condition)

/* Every host interface, as far as ABI 1.0 goes. */
static jn_status use_host(const jn_call* call) {
  const jn_str text = str("{\"a\":[1,\"x\"]}"), key = str("k"), tag = str("t"), name = str("n");
  jn_json_node root, node;
  jn_json_writer* writer;
  jn_str out;
  jn_map page;
  jn_http_request request;
  jn_http_response response;
  jn_kv_entry entry;
  jn_kv_write write;
  int64_t ms;
  uint64_t version;
  EXPECT(json->parse(call, &text, &root) == JN_OK && json->type(&root) == JN_JSON_OBJECT);
  EXPECT(json->pointer(&root, "/a/1", 4, &node) && json->as_str(&node, &out) && same(out, "x"));
  writer = json->write_begin(call);
  json->write_open(writer, JN_JSON_ARRAY);
  json->write_node(writer, &node);
  json->write_close(writer);
  EXPECT(json->write_end(writer, &out) == JN_OK && same(out, "[\"x\"]"));
  EXPECT(codec->encode(call, JN_CODEC_HEX, &key, &out) == JN_OK && same(out, "6b"));
  EXPECT(clock_table->parse(call, &text, &ms) == JN_E_INVALID);
  EXPECT(clock_table->mono_ns(call) <= call->deadline_ns);
  EXPECT(crypto->verify_mac(call, JN_ALG_HMAC_SHA256, &key, 1, &tag) == JN_E_SIGNATURE);
  log_table->write(call, JN_LOG_DEBUG, &text, NULL);
  EXPECT(metrics->count(call, &name, NULL, 1) == JN_OK);
  EXPECT(call->alloc(call, 8, 8) != NULL && !call->cancelled(call));

  memset(&request, 0, sizeof request);
  memset(&response, 0, sizeof response);
  request.struct_size = sizeof request;
  response.struct_size = sizeof response;
  request.method = str("GET");
  request.url = str("https://api.example.com/");
  EXPECT(http->send(call, &request, &response) == JN_OK);
  EXPECT(response.status == 200 && same(response.body, "hello"));
  EXPECT(response.struct_size == sizeof response);
  memset(&write, 0, sizeof write);
  memset(&entry, 0, sizeof entry);
  write.struct_size = sizeof write;
  entry.struct_size = sizeof entry;
  write.key = key;
  write.value = str("v");
  EXPECT(kv->put(call, &write, &version) == JN_OK && version != 0);
  EXPECT(kv->get(call, &key, &entry) == JN_OK && same(entry.value, "v"));
  EXPECT(kv->list(call, &key, NULL, &page) == JN_OK && page.len == 1);
  EXPECT(kv->del(call, &key) == JN_OK && kv->get(call, &key, &entry) == JN_E_NOT_FOUND);
  EXPECT(secrets->get(call, &name, &out) == JN_E_DENIED);
  return JN_OK;
}

static int the_instance;
static jn_status create(const jn_call* call, const jn_str* config, jn_instance** out) {
  (void)call;
  (void)config;
  *out = (jn_instance*)&the_instance;
  return JN_OK;
}
static void destroy(jn_instance* instance) {
  (void)instance;
}
static jn_status test(const jn_call* call, jn_instance* instance, const jn_str* params) {
  (void)instance;
  EXPECT(same(*params, "{}"));
  return JN_OK;
}

static jn_event event_of(const char* type) {
  jn_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.flags = JN_EVENT_HAS_SEQUENCE;
  event.type = str(type);
  event.id = str("id-1");
  event.payload_json = str("{}");
  event.sequence = 5;
  return event;
}

static jn_status verify(const jn_call* call, jn_instance* instance, const jn_http_in* request) {
  (void)instance;
  EXPECT(request->headers.len == 1);
  return JN_E_SIGNATURE;
}
static jn_status handle(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  const jn_event event = event_of("handled");
  (void)instance;
  EXPECT(request->struct_size >= sizeof *request || JN_ABI_MINOR > 0);
  EXPECT(same(request->method, "POST") && same(request->body, "body"));
  return sink->event(sink, &event);
}

static jn_status execute(const jn_call* call, jn_instance* instance, const jn_action* action,
                         const jn_action_sink* sink) {
  jn_action_result result;
  const jn_status used = use_host(call);
  (void)instance;
  if (used != JN_OK) return used;
  EXPECT(same(action->name, "act") && same(action->idempotency_key, "key"));
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.data_json = action->params_json;
  return sink->result(sink, &result);
}
static jn_status list_fields(const jn_call* call, jn_instance* instance, const jn_str* object,
                             const jn_field_sink* sink) {
  jn_field field;
  (void)call;
  (void)instance;
  memset(&field, 0, sizeof field);
  field.struct_size = sizeof field;
  field.type = JN_FIELD_JSON;
  field.name = *object;
  return sink->field(sink, &field);
}
static jn_hook hook_of(jn_str id) {
  jn_hook hook;
  memset(&hook, 0, sizeof hook);
  hook.struct_size = sizeof hook;
  hook.id = id;
  return hook;
}
static jn_status subscribe(const jn_call* call, jn_instance* instance,
                           const jn_hook_request* request, const jn_hook_sink* sink) {
  const jn_hook hook = hook_of(request->url);
  (void)call;
  (void)instance;
  return sink->hook(sink, &hook);
}
static jn_status unsubscribe(const jn_call* call, jn_instance* instance, const jn_str* id) {
  (void)instance;
  EXPECT(same(*id, "h"));
  return JN_OK;
}
static jn_status renew(const jn_call* call, jn_instance* instance, const jn_hook* hook,
                       const jn_hook_sink* sink) {
  jn_hook renewed = hook_of(hook->id);
  (void)call;
  (void)instance;
  renewed.expires_ms = hook->expires_ms + 1;
  return sink->hook(sink, &renewed);
}
static jn_status list_hooks(const jn_call* call, jn_instance* instance, const jn_hook_sink* sink) {
  const jn_hook hook = hook_of(str("h"));
  (void)call;
  (void)instance;
  return sink->hook(sink, &hook);
}
static jn_status poll(const jn_call* call, jn_instance* instance, const jn_poll_request* request,
                      const jn_poll_sink* sink) {
  const jn_event event = event_of("polled");
  jn_poll_next next;
  jn_status status;
  (void)call;
  (void)instance;
  memset(&next, 0, sizeof next);
  next.struct_size = sizeof next;
  next.cursor = request->cursor;
  status = sink->event(sink, &event);
  return status == JN_OK ? sink->next(sink, &next) : status;
}
static jn_status authorize(const jn_call* call, jn_instance* instance, const jn_oauth_start* start,
                           const jn_oauth_sink* sink) {
  const jn_str name = str("p");
  (void)call;
  (void)instance;
  return sink->param(sink, &name, &start->scopes);
}
static jn_status parse_token(const jn_call* call, jn_instance* instance, uint32_t status,
                             const jn_str* body, const jn_oauth_sink* sink) {
  jn_oauth_token token;
  (void)instance;
  EXPECT(status == 200);
  memset(&token, 0, sizeof token);
  token.struct_size = sizeof token;
  token.access_token = *body;
  return sink->token(sink, &token);
}
static jn_status refresh(const jn_call* call, jn_instance* instance, const jn_oauth_token* old,
                         const jn_oauth_sink* sink) {
  return parse_token(call, instance, 200, &old->refresh_token, sink);
}
static jn_status identify(const jn_call* call, jn_instance* instance, const jn_oauth_sink* sink) {
  jn_oauth_account account;
  (void)call;
  (void)instance;
  memset(&account, 0, sizeof account);
  account.struct_size = sizeof account;
  account.id = str("me");
  return sink->account(sink, &account);
}

static jn_status open_probe(const jn_plugin* self, const jn_host* host) {
  (void)self;
  if (host->abi_major != JN_ABI_MAJOR || (int)host->abi_minor < PROBE_MIN_MINOR)
    return JN_E_UNSUPPORTED;
  json = (const jn_json*)host->get_interface(host, JN_JSON_ID);
  codec = (const jn_codec*)host->get_interface(host, JN_CODEC_ID);
  clock_table = (const jn_clock*)host->get_interface(host, JN_CLOCK_ID);
  log_table = (const jn_log*)host->get_interface(host, JN_LOG_ID);
  crypto = (const jn_crypto*)host->get_interface(host, JN_CRYPTO_ID);
  http = (const jn_http*)host->get_interface(host, JN_HTTP_ID);
  kv = (const jn_kv_store*)host->get_interface(host, JN_KV_ID);
  secrets = (const jn_secrets*)host->get_interface(host, JN_SECRETS_ID);
  metrics = (const jn_metrics*)host->get_interface(host, JN_METRICS_ID);
  return json && codec && clock_table && log_table && crypto && http && kv && secrets && metrics
             ? JN_OK
             : JN_E_UNSUPPORTED;
}

/* Designated, so that members which headers of later minors bring stay NULL. */
static const void* get_interface(const jn_plugin* self, const char* id) {
  static const jn_connector connector = {
      .struct_size = sizeof(jn_connector), .create = create, .destroy = destroy, .test = test};
  static const jn_webhook webhook = {
      .struct_size = sizeof(jn_webhook), .verify = verify, .handle = handle};
  static const jn_actions actions = {.struct_size = sizeof(jn_actions), .execute = execute};
  static const jn_fields fields = {.struct_size = sizeof(jn_fields), .list = list_fields};
  static const jn_hooks hooks = {.struct_size = sizeof(jn_hooks),
                                 .subscribe = subscribe,
                                 .unsubscribe = unsubscribe,
                                 .renew = renew,
                                 .list = list_hooks};
  static const jn_poll polls = {.struct_size = sizeof(jn_poll), .poll = poll};
  static const jn_oauth oauth = {.struct_size = sizeof(jn_oauth),
                                 .authorize_params = authorize,
                                 .parse_token = parse_token,
                                 .refresh = refresh,
                                 .identify = identify};
  (void)self;
  if (strcmp(id, JN_CONNECTOR_ID) == 0) return &connector;
  if (strcmp(id, JN_WEBHOOK_ID) == 0) return &webhook;
  if (strcmp(id, JN_ACTIONS_ID) == 0) return &actions;
  if (strcmp(id, JN_FIELDS_ID) == 0) return &fields;
  if (strcmp(id, JN_HOOKS_ID) == 0) return &hooks;
  if (strcmp(id, JN_POLL_ID) == 0) return &polls;
  if (strcmp(id, JN_OAUTH_ID) == 0) return &oauth;
  return NULL;
}

JN_EXPORT const jn_plugin* junctor_plugin_v1(uint32_t host_abi_minor) {
  static const jn_plugin plugin = {
      .struct_size = sizeof(jn_plugin),
      .abi_major = JN_ABI_MAJOR,
      .abi_minor = PROBE_MIN_MINOR,
      .id = {JUNCTOR_CONNECTOR_ID, sizeof(JUNCTOR_CONNECTOR_ID) - 1},
      .version = {JUNCTOR_CONNECTOR_VERSION, sizeof(JUNCTOR_CONNECTOR_VERSION) - 1},
      .open = open_probe,
      .get_interface = get_interface};
  return (int)host_abi_minor < PROBE_MIN_MINOR ? NULL : &plugin;
}
