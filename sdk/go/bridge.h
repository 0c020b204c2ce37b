// The C side of the Go SDK: Go cannot call function pointers, so each function of a host table
// that the SDK uses has a caller here. Included by the Go files.
#ifndef JUNCTOR_GO_BRIDGE_H
#define JUNCTOR_GO_BRIDGE_H

#include <junctor/junctor.h>
#include <stdint.h>

// bridge.c
jn_status jngo_fail(const jn_call* call, jn_status status, uint64_t retry_after_ms,
                    const char* message, size_t len);
jn_status jngo_emit(const jn_webhook_sink* sink, const jn_event* event);
int32_t jngo_cancelled(const jn_call* call);
void* jngo_alloc(const jn_call* call, size_t size);
int jngo_parse_time(const jn_call* call, const char* text, size_t len, int64_t* out_unix_ms);
int64_t jngo_unix_ms(const jn_call* call);
void jngo_log(const jn_call* call, uint32_t level, const char* text, size_t len);

#endif
