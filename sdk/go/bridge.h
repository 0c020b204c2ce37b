// The C side of the Go SDK: Go cannot call function pointers, so each function of a host table
// that the SDK uses has a caller here. Included by the Go files.
#ifndef JUNCTOR_GO_BRIDGE_H
#define JUNCTOR_GO_BRIDGE_H

#include <junctor/junctor.h>
#include <stdint.h>

// What a manifest offers: bits of jngoIdentity's answer.
enum { JNGO_WEBHOOK = 1, JNGO_ACTIONS = 2, JNGO_FIELDS = 4, JNGO_HOOKS = 8, JNGO_POLL = 16 };

// bridge.c. A service that the host does not offer answers JN_E_UNSUPPORTED.
jn_status jngo_fail(const jn_call* call, jn_status status, uint32_t http_status,
                    uint64_t retry_after_ms, const char* message, size_t len);
jn_status jngo_emit(const jn_webhook_sink* sink, const jn_event* event);
int32_t jngo_cancelled(const jn_call* call);
void* jngo_alloc(const jn_call* call, size_t size);
int jngo_parse_time(const jn_call* call, const char* text, size_t len, int64_t* out_unix_ms);
int64_t jngo_unix_ms(const jn_call* call);
jn_status jngo_http(const jn_call* call, const jn_http_request* request, jn_http_response* out);
jn_status jngo_secret(const jn_call* call, const jn_str* name, jn_str* out);
jn_status jngo_verify_mac(const jn_call* call, uint32_t alg, const jn_str* message,
                          const jn_str* tag);
jn_status jngo_result(const jn_action_sink* sink, const jn_action_result* result);
jn_status jngo_field(const jn_field_sink* sink, const jn_field* field);
jn_status jngo_hook(const jn_hook_sink* sink, const jn_hook* hook);
jn_status jngo_polled(const jn_poll_sink* sink, const jn_event* event);
jn_status jngo_next(const jn_poll_sink* sink, const jn_poll_next* next);
void jngo_log(const jn_call* call, uint32_t level, const char* text, size_t len);

#endif
