/* A small connector that does everything right. An animal of the zoo includes this, replaces one
 * part by a faulty one (#define HANDLE …) and then includes animal_tables.h. */
#ifndef ZOO_ANIMAL_H
#define ZOO_ANIMAL_H

#include <junctor/junctor.h>
#include <stdlib.h>
#include <string.h>

#define PART static __attribute__((unused))

typedef struct animal {
  size_t calls;
} animal;

PART const jn_json* json;
PART const jn_log* logs;
PART const jn_http* http;
PART const jn_secrets* secrets;

PART jn_str str(const char* text) {
  jn_str view;
  view.ptr = text;
  view.len = strlen(text);
  return view;
}

PART jn_status refuse(const jn_call* call, jn_status status, const char* why) {
  jn_error error;
  memset(&error, 0, sizeof error);
  error.struct_size = sizeof error;
  error.status = status;
  error.message = str(why);
  return call->fail(call, &error);
}

PART jn_status good_create(const jn_call* call, const jn_str* config, jn_instance** out) {
  jn_json_node root;
  animal* made;
  const jn_status status = json->parse(call, config, &root);
  if (status != JN_OK) return refuse(call, status, "settings: are no JSON");
  if (json->type(&root) != JN_JSON_OBJECT) return refuse(call, JN_E_INVALID, "settings: no object");
  made = (animal*)calloc(1, sizeof *made);
  if (!made) return refuse(call, JN_E_TOO_LARGE, "no memory");
  *out = (jn_instance*)made;
  return JN_OK;
}

PART void good_destroy(jn_instance* instance) {
  free(instance);
}

/* Reads type and id of the body. */
PART jn_status read_event(const jn_call* call, const jn_http_in* request, jn_event* event) {
  jn_json_node root, member;
  const jn_status status = json->parse(call, &request->body, &root);
  if (status != JN_OK) return refuse(call, status, "the body is no JSON");
  memset(event, 0, sizeof *event);
  event->struct_size = sizeof *event;
  if (!json->get(&root, "type", 4, &member) || !json->as_str(&member, &event->type) ||
      event->type.len == 0) {
    return refuse(call, JN_E_INVALID, "the body has no type");
  }
  if (json->get(&root, "id", 2, &member)) json->as_str(&member, &event->id);
  return JN_OK;
}

PART jn_status give(const jn_call* call, const jn_webhook_sink* sink, const jn_event* event) {
  const jn_status status = sink->event(sink, event);
  return status == JN_OK ? JN_OK : refuse(call, status, "the host refused an event");
}

PART jn_status good_handle(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                           const jn_webhook_sink* sink) {
  jn_event event;
  const jn_status status = read_event(call, request, &event);
  ++((animal*)instance)->calls;
  return status == JN_OK ? give(call, sink, &event) : status;
}

PART jn_status good_open(const jn_plugin* self, const jn_host* host) {
  (void)self;
  json = (const jn_json*)host->get_interface(host, JN_JSON_ID);
  logs = (const jn_log*)host->get_interface(host, JN_LOG_ID);
  http = (const jn_http*)host->get_interface(host, JN_HTTP_ID);
  secrets = (const jn_secrets*)host->get_interface(host, JN_SECRETS_ID);
  return json && logs ? JN_OK : JN_E_UNSUPPORTED;
}

PART void good_close(const jn_plugin* self) {
  (void)self;
  json = NULL;
  logs = NULL;
}

#endif
