/* A connector that acts, and does it right. */
#ifndef ZOO_ACTOR_H
#define ZOO_ACTOR_H

#include "animal.h"

PART jn_http_request request_for(const char* method, const char* url) {
  jn_http_request request;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.method = str(method);
  request.url = str(url);
  request.credential = str("api");
  return request;
}

PART jn_status class_of(uint32_t status) {
  if (status < 300) return JN_OK;
  if (status == 401) return JN_E_AUTH;
  if (status == 403) return JN_E_FORBIDDEN;
  if (status == 404) return JN_E_NOT_FOUND;
  if (status == 409) return JN_E_CONFLICT;
  if (status == 429) return JN_E_RATE_LIMITED;
  return status >= 500 ? JN_E_UNAVAILABLE : JN_E_INVALID;
}

/* Sends; an answer that is no 2xx is the failure of its class. */
PART jn_status ask(const jn_call* call, const jn_http_request* request, jn_http_response* answer) {
  jn_status status;
  jn_error error;
  memset(answer, 0, sizeof *answer);
  answer->struct_size = sizeof *answer;
  if (!http) return refuse(call, JN_E_UNSUPPORTED, "the host has no network");
  status = http->send(call, request, answer);
  if (status != JN_OK) return refuse(call, status, "the request could not be sent");
  status = class_of(answer->status);
  if (status == JN_OK) return JN_OK;
  memset(&error, 0, sizeof error);
  error.struct_size = sizeof error;
  error.status = status;
  error.http_status = answer->status;
  error.retry_after_ms = answer->retry_after_ms;
  error.message = str("the provider refused");
  return call->fail(call, &error);
}

PART int text_at(const jn_call* call, const jn_str* body, const char* key, jn_str* out) {
  jn_json_node root, member;
  out->ptr = NULL;
  out->len = 0;
  return json->parse(call, body, &root) == JN_OK && json->get(&root, key, strlen(key), &member) &&
         json->as_str(&member, out);
}

PART jn_status check_action(const jn_call* call, const jn_action* action) {
  jn_json_node params;
  if (action->name.len != 6 || memcmp(action->name.ptr, "create", 6) != 0)
    return refuse(call, JN_E_INVALID, "there is no such action");
  if (json->parse(call, &action->params_json, &params) != JN_OK ||
      json->type(&params) != JN_JSON_OBJECT)
    return refuse(call, JN_E_INVALID, "params: must be an object");
  return JN_OK;
}

PART jn_status give_result(const jn_call* call, const jn_action_sink* sink, jn_str data) {
  jn_action_result result;
  jn_status status;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.data_json = data;
  status = sink->result(sink, &result);
  return status == JN_OK ? JN_OK : refuse(call, status, "the host refused the result");
}

PART jn_status good_execute(const jn_call* call, jn_instance* instance, const jn_action* action,
                            const jn_action_sink* sink) {
  jn_http_request request = request_for("POST", "https://api.example.com/things");
  jn_http_response answer;
  jn_status status = check_action(call, action);
  (void)instance;
  if (status != JN_OK) return status;
  if (call->flags & JN_CALL_DRY_RUN) return give_result(call, sink, str("{\"id\":\"dry\"}"));
  request.body = action->params_json;
  request.idempotency_key = action->idempotency_key;
  status = ask(call, &request, &answer);
  return status == JN_OK ? give_result(call, sink, answer.body) : status;
}

PART jn_status good_test(const jn_call* call, jn_instance* instance, const jn_str* params) {
  const jn_http_request request = request_for("GET", "https://api.example.com/me");
  jn_http_response answer;
  (void)instance;
  (void)params;
  return ask(call, &request, &answer);
}

PART jn_status good_list(const jn_call* call, jn_instance* instance, const jn_str* object,
                         const jn_field_sink* sink) {
  const jn_http_request request = request_for("GET", "https://api.example.com/fields");
  jn_http_response answer;
  jn_json_node root, more;
  jn_field field;
  int32_t again = 1;
  int page;
  jn_status status;
  (void)instance;
  (void)object;
  for (page = 0; again && page < 100; ++page) {
    status = ask(call, &request, &answer);
    if (status != JN_OK) return status;
    memset(&field, 0, sizeof field);
    field.struct_size = sizeof field;
    field.type = JN_FIELD_TEXT;
    if (!text_at(call, &answer.body, "field", &field.name)) return JN_OK;
    status = sink->field(sink, &field);
    if (status != JN_OK) return refuse(call, status, "the host refused a field");
    again = 0;
    if (json->parse(call, &answer.body, &root) == JN_OK && json->get(&root, "more", 4, &more))
      json->as_bool(&more, &again);
  }
  return JN_OK;
}

PART jn_status good_subscribe(const jn_call* call, jn_instance* instance,
                              const jn_hook_request* wanted, const jn_hook_sink* sink) {
  jn_http_request request = request_for("PUT", "https://api.example.com/hooks");
  jn_http_response answer;
  jn_hook hook;
  jn_status status;
  (void)instance;
  request.body = wanted->signing_secret;
  status = ask(call, &request, &answer);
  if (status != JN_OK) return status;
  memset(&hook, 0, sizeof hook);
  hook.struct_size = sizeof hook;
  if (!text_at(call, &answer.body, "id", &hook.id))
    return refuse(call, JN_E_UNAVAILABLE, "the answer has no id");
  status = sink->hook(sink, &hook);
  return status == JN_OK ? JN_OK : refuse(call, status, "the host refused the hook");
}

PART jn_status good_unsubscribe(const jn_call* call, jn_instance* instance, const jn_str* id) {
  const jn_http_request request = request_for("DELETE", "https://api.example.com/hooks/1");
  jn_http_response answer;
  const jn_status status = ask(call, &request, &answer);
  (void)instance;
  (void)id;
  return status == JN_E_NOT_FOUND ? JN_OK : status;
}

PART jn_status good_hooks(const jn_call* call, jn_instance* instance, const jn_hook_sink* sink) {
  (void)call;
  (void)instance;
  (void)sink;
  return JN_OK;
}

PART jn_status good_poll(const jn_call* call, jn_instance* instance, const jn_poll_request* wanted,
                         const jn_poll_sink* sink) {
  const jn_http_request request = request_for("GET", "https://api.example.com/events");
  jn_http_response answer;
  jn_poll_next next;
  jn_event event;
  jn_status status = ask(call, &request, &answer);
  (void)instance;
  (void)wanted;
  if (status != JN_OK) return status;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.type = str("thing.happened");
  event.payload_json = answer.body;
  if (text_at(call, &answer.body, "event", &event.id)) {
    status = sink->event(sink, &event);
    if (status != JN_OK) return refuse(call, status, "the host refused an event");
  }
  memset(&next, 0, sizeof next);
  next.struct_size = sizeof next;
  text_at(call, &answer.body, "cursor", &next.cursor);
  status = sink->next(sink, &next);
  return status == JN_OK ? JN_OK : refuse(call, status, "the host refused the cursor");
}

#define TEST good_test
#define LIST_FIELDS good_list
#define SUBSCRIBE good_subscribe
#define UNSUBSCRIBE good_unsubscribe
#define LIST_HOOKS good_hooks

#endif
