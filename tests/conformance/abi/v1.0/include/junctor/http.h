/* Junctor connector ABI v1: junctor.http/1, the only way to the network. The host resolves names,
 * dials, encrypts, adds the credential, and keeps to the hosts the manifest names, to deadlines,
 * rates and limits. Redirects are not followed. */
#ifndef JUNCTOR_HTTP_H
#define JUNCTOR_HTTP_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_HTTP_ID "junctor.http/1"

/* flags of jn_http_request */
#define JN_HTTP_IDEMPOTENT 1u /* may be sent again, whatever became of it */

/* One request. Views. Since 1.0. */
typedef struct jn_http_request {
  uint32_t struct_size;
  uint32_t flags;            /* JN_HTTP_* */
  jn_str method;             /* "GET" */
  jn_str url;                /* https://, a host that the manifest names */
  jn_map headers;            /* none of Host, Content-Length, Connection, Authorization or Cookie */
  jn_str body;               /* bytes; at most 8 MiB */
  jn_str credential;         /* NAME of a credential in the manifest; empty = none is added */
  jn_str idempotency_key;    /* sent as Idempotency-Key; empty = none */
  uint64_t timeout_ms;       /* total; 0 = what is left of the call; never more than that */
  uint64_t answer_bytes_max; /* 0 = 1 MiB, at most 8 MiB */
} jn_http_request;

/* The answer. The caller sets struct_size, the host the rest. Since 1.0. */
typedef struct jn_http_response {
  uint32_t struct_size;
  uint32_t status;         /* 100 to 599 */
  jn_map headers;          /* in order; Set-Cookie is removed */
  jn_str body;             /* bytes, complete */
  uint64_t retry_after_ms; /* from Retry-After, 0 = none */
} jn_http_response;

/* Since 1.0. */
typedef struct jn_http {
  uint32_t struct_size;
  uint32_t reserved0;

  /* Sends one request and waits for the whole answer. An answer of any status is JN_OK; `response`
     is otherwise all zero.
     Thread: [call]. Owner: host; the answer lives in the arena of the call.
     Errors: JN_E_DENIED (the call is JN_CALL_NO_IO or JN_CALL_DRY_RUN, the manifest does not name
     the host or the credential for it, its budget of requests is used up, the address is
     forbidden), JN_E_INVALID (URL, method or header), JN_E_AUTH (the credential cannot be used
     now), JN_E_UNAVAILABLE (no connection, or it broke), JN_E_DEADLINE, JN_E_CANCELLED,
     JN_E_RATE_LIMITED (a limit of the host), JN_E_TOO_LARGE (request or answer), JN_E_UNSUPPORTED
     (this host has no network for connectors). Since 1.0. */
  jn_status (*send)(const jn_call *call, const jn_http_request *request,
                    jn_http_response *response);
} jn_http;

#ifdef __cplusplus
}
#endif
#endif
