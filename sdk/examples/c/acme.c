/* A whole connector in C. Acme sends one JSON object per webhook:
 *   {"id": "ev_1", "kind": "order.paid", "at": "2026-03-02T09:15:30Z", "order": {"no": 7, …},
 *    "by": {"id": 1, "name": "Ada"}}
 * Its signature, delivery key, event types and samples are data: see manifest.json. The code turns
 * one request into events, and one action into a request; it never sees a secret, reads no clock
 * and keeps no state. */
#include <junctor/junctor.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One integration's settings. */
struct jn_instance {
  int32_t test_mode;
};

/* What the host offers; fetched once, in acme_open. */
static const jn_json* json;
static const jn_clock* host_clock;
static const jn_http* http; /* only actions need it; may be NULL */

#define NOTES "https://api.example.com/v1/notes"

static jn_str text_of(const char* text) {
  const jn_str view = {text, strlen(text)};
  return view;
}

static jn_status fail(const jn_call* call, jn_status status, const char* message) {
  jn_error error;
  memset(&error, 0, sizeof error);
  error.struct_size = sizeof error;
  error.status = status;
  error.message = text_of(message);
  return call->fail(call, &error);
}

/* The member at a JSON pointer as text: strings as they are, integers in decimal, else empty. When
 * the host has no memory left, *status says so, and keeps saying so. */
static jn_str text_at(const jn_call* call, const jn_json_node* from, const char* pointer,
                      jn_status* status) {
  jn_str text = {NULL, 0};
  jn_json_node node;
  int64_t number;
  json->pointer(from, pointer, strlen(pointer), &node);
  if (json->as_str(&node, &text)) return text;
  if (json->as_i64(&node, &number)) {
    char* digits = call->alloc(call, 24, 1);
    if (!digits) {
      *status = fail(call, JN_E_TOO_LARGE, "the call's memory is used up");
      return text;
    }
    text.ptr = digits;
    text.len = (size_t)snprintf(digits, 24, "%lld", (long long)number);
  }
  return text;
}

static void put(jn_json_writer* out, const char* key, jn_str text) {
  if (!text.len) return;
  json->write_key(out, key, strlen(key));
  json->write_str(out, text.ptr, text.len);
}

/* {"id": …, "name": …} of who did it; empty if the body names nobody. */
static jn_status actor_of(const jn_call* call, const jn_json_node* body, jn_str* out) {
  jn_status status = JN_OK;
  const jn_str id = text_at(call, body, "/by/id", &status);
  const jn_str name = text_at(call, body, "/by/name", &status);
  jn_json_writer* writer;
  if (status != JN_OK || (!id.len && !name.len)) return status;
  writer = json->write_begin(call);
  if (!writer) return fail(call, JN_E_TOO_LARGE, "too many JSON writers are open");
  json->write_open(writer, JN_JSON_OBJECT);
  put(writer, "id", id);
  put(writer, "name", name);
  json->write_close(writer);
  return json->write_end(writer, out);
}

static jn_status acme_create(const jn_call* call, const jn_str* config, jn_instance** out) {
  jn_json_node settings, test;
  jn_instance* made;
  const jn_status status = json->parse(call, config, &settings);
  if (status != JN_OK) return fail(call, status, "settings: not valid JSON");
  if (json->type(&settings) != JN_JSON_OBJECT) {
    return fail(call, JN_E_INVALID, "settings: must be an object");
  }
  made = calloc(1, sizeof *made);
  if (!made) return fail(call, JN_E_INTERNAL, "out of memory");
  if (json->get(&settings, "test", 4, &test) && !json->as_bool(&test, &made->test_mode)) {
    free(made);
    return fail(call, JN_E_INVALID, "settings.test: must be true or false");
  }
  *out = made;
  return JN_OK;
}

static void acme_destroy(jn_instance* instance) {
  free(instance);
}

static jn_status acme_handle(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                             const jn_webhook_sink* sink) {
  jn_json_node body;
  jn_event event;
  jn_str at;
  jn_status status = json->parse(call, &request->body, &body);
  if (status != JN_OK) return fail(call, status, "the body is not valid JSON");

  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.type = text_at(call, &body, "/kind", &status);
  event.id = text_at(call, &body, "/id", &status);
  event.resource_id = text_at(call, &body, "/order/no", &status);
  at = text_at(call, &body, "/at", &status);
  if (status == JN_OK) status = actor_of(call, &body, &event.actor_json);
  if (status != JN_OK) return status;
  if (!event.type.len) return fail(call, JN_E_INVALID, "the body has no kind");
  if (event.resource_id.len) event.resource_type = text_of("order");
  if (host_clock->parse(call, &at, &event.occurred_ms) != JN_OK) event.occurred_ms = 0;
  if (instance->test_mode) event.metadata_json = text_of("{\"test\":true}");
  return sink->event(sink, &event);
}

/* What an answer means that is no 2xx. */
static jn_status class_of(uint32_t status) {
  if (status == 401) return JN_E_AUTH;
  if (status == 403) return JN_E_FORBIDDEN;
  if (status == 404 || status == 410) return JN_E_NOT_FOUND;
  if (status == 409) return JN_E_CONFLICT;
  if (status == 429) return JN_E_RATE_LIMITED;
  return status >= 500 ? JN_E_UNAVAILABLE : JN_E_INVALID;
}

/* Sends a note; the host adds the credential "api", and Idempotency-Key. */
static jn_status send_note(const jn_call* call, jn_str note, jn_str key, jn_str* out) {
  static const jn_kv headers[] = {{{"Content-Type", 12}, {"application/json", 16}}};
  jn_http_request request;
  jn_http_response answer;
  jn_error error;
  jn_status status;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.method = text_of("POST");
  request.url = text_of(NOTES);
  request.headers.items = headers;
  request.headers.len = 1;
  request.body = note;
  request.credential = text_of("api");
  request.idempotency_key = key;
  memset(&answer, 0, sizeof answer);
  answer.struct_size = sizeof answer;
  if (!http) return fail(call, JN_E_UNSUPPORTED, "the host offers no network");
  status = http->send(call, &request, &answer);
  if (status != JN_OK) return fail(call, status, "the note could not be sent");
  *out = answer.body;
  if (answer.status >= 200 && answer.status < 300) return JN_OK;
  memset(&error, 0, sizeof error);
  error.struct_size = sizeof error;
  error.status = class_of(answer.status);
  error.http_status = answer.status;
  error.retry_after_ms = answer.retry_after_ms;
  error.message = text_of("add_note was refused");
  return call->fail(call, &error);
}

/* {"order": …, "text": …}; in a dry run inside of what would be sent. */
static jn_status note_of(const jn_call* call, const jn_json_node* params, jn_str* out) {
  const int dry = (call->flags & JN_CALL_DRY_RUN) != 0;
  jn_status status = JN_OK;
  const jn_str order = text_at(call, params, "/order", &status);
  const jn_str text = text_at(call, params, "/text", &status);
  jn_json_writer* writer;
  if (status != JN_OK) return status;
  if (!order.len || !text.len) return fail(call, JN_E_INVALID, "order and text are required");
  writer = json->write_begin(call);
  if (!writer) return fail(call, JN_E_TOO_LARGE, "too many JSON writers are open");
  json->write_open(writer, JN_JSON_OBJECT);
  if (dry) {
    put(writer, "method", text_of("POST"));
    put(writer, "url", text_of(NOTES));
    json->write_key(writer, "json", 4);
    json->write_open(writer, JN_JSON_OBJECT);
  }
  put(writer, "order", order);
  put(writer, "text", text);
  json->write_close(writer);
  if (dry) json->write_close(writer);
  return json->write_end(writer, out);
}

/* The host asks for the actions that manifest.json declares. */
static jn_status acme_execute(const jn_call* call, jn_instance* instance, const jn_action* action,
                              const jn_action_sink* sink) {
  const jn_str add_note = text_of("add_note");
  jn_action_result result;
  jn_json_node params, answer;
  jn_str note;
  jn_status status;
  (void)instance;
  if (action->name.len != add_note.len || memcmp(action->name.ptr, add_note.ptr, add_note.len)) {
    return fail(call, JN_E_INVALID, "there is no such action");
  }
  status = json->parse(call, &action->params_json, &params);
  if (status != JN_OK) return fail(call, status, "the parameters are not valid JSON");
  status = note_of(call, &params, &note);
  if (status != JN_OK) return status;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.data_json = note;
  if (call->flags & JN_CALL_DRY_RUN) return sink->result(sink, &result);
  status = send_note(call, note, action->idempotency_key, &result.data_json);
  if (status != JN_OK) return status;
  status = json->parse(call, &result.data_json, &answer);
  if (status != JN_OK) return fail(call, status, "the answer is not valid JSON");
  result.external_id = text_at(call, &answer, "/id", &status);
  return status == JN_OK ? sink->result(sink, &result) : status;
}

static jn_status acme_open(const jn_plugin* self, const jn_host* host) {
  (void)self;
  json = host->get_interface(host, JN_JSON_ID);
  host_clock = host->get_interface(host, JN_CLOCK_ID);
  http = host->get_interface(host, JN_HTTP_ID);
  return json && host_clock ? JN_OK : JN_E_UNSUPPORTED;
}

static void acme_close(const jn_plugin* self) {
  (void)self;
}

static const void* acme_interface(const jn_plugin* self, const char* id) {
  static const jn_connector connector = {sizeof connector, 0, acme_create, acme_destroy, NULL};
  static const jn_webhook webhook = {sizeof webhook, 0, NULL, acme_handle};
  static const jn_actions actions = {sizeof actions, 0, acme_execute};
  (void)self;
  if (!id) return NULL;
  if (!strcmp(id, JN_CONNECTOR_ID)) return &connector;
  if (!strcmp(id, JN_WEBHOOK_ID)) return &webhook;
  if (!strcmp(id, JN_ACTIONS_ID)) return &actions;
  return NULL;
}

#define VIEW(literal) {literal, sizeof literal - 1}
const jn_plugin* junctor_plugin_v1(uint32_t host_abi_minor) {
  static const jn_plugin plugin = {sizeof plugin,
                                   JN_ABI_MAJOR,
                                   0,
                                   0,
                                   VIEW(JUNCTOR_CONNECTOR_ID),
                                   VIEW(JUNCTOR_CONNECTOR_VERSION),
                                   acme_open,
                                   acme_close,
                                   acme_interface};
  (void)host_abi_minor;
  return &plugin;
}
