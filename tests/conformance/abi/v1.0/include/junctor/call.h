/* Junctor connector ABI v1: one call of the host into a connector. */
#ifndef JUNCTOR_CALL_H
#define JUNCTOR_CALL_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* flags of jn_call */
#define JN_CALL_NO_IO 1u   /* CPU only: services that reach the network answer JN_E_DENIED */
#define JN_CALL_DRY_RUN 2u /* nothing may be sent */
#define JN_CALL_TEST 4u    /* a person is trying the connector out */

/* The host's, valid until the called function returns. Since 1.0. */
struct jn_call {
  uint32_t struct_size;
  uint32_t flags;       /* JN_CALL_* */
  void *ctx;            /* the host's */
  uint64_t deadline_ns; /* on the clock of junctor.clock/1 mono_ns; 0 = none */
  jn_str trace_parent;  /* W3C traceparent, may be empty */
  jn_str tenant;
  jn_str connection_id; /* id of the integration */

  /* Memory from the arena of this call; `align` is a power of two.
     Thread: [call]. Owner: host; frees all of it after it has consumed the result of the call.
     Errors: NULL when the arena is full or `align` is not a power of two. Since 1.0. */
  void *(*alloc)(const jn_call *call, size_t size, size_t align);

  /* Should the connector stop? Also true once the deadline has passed.
     Thread: [call]. Owner: nothing passes. Errors: none; 0 = go on. Since 1.0. */
  int32_t (*cancelled)(const jn_call *call);

  /* Records why the call fails; the last one wins. The connector then returns the status.
     Thread: [call]. Owner: host copies the error before it returns.
     Errors: returns error->status, or JN_E_INTERNAL if that is not below 0. Since 1.0. */
  jn_status (*fail)(const jn_call *call, const jn_error *error);
};

#ifdef __cplusplus
}
#endif
#endif
