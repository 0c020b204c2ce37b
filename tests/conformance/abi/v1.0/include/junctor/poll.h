/* Junctor connector ABI v1: junctor.poll/1, for providers that send no webhooks, and for gaps. */
#ifndef JUNCTOR_POLL_H
#define JUNCTOR_POLL_H

#include "call.h"
#include "types.h"
#include "webhook.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_POLL_ID "junctor.poll/1"

/* What to fetch. Views, valid for the call. Since 1.0. */
typedef struct jn_poll_request {
  uint32_t struct_size;
  uint32_t flags;   /* none yet */
  uint32_t limit;   /* events wanted at most, at least 1 */
  uint32_t reserved0;
  jn_str stream;    /* as in the manifest; may be empty */
  jn_str cursor;    /* as last given to `next`; empty = the first time: start at since_ms */
  int64_t since_ms; /* Unix milliseconds; 0 = now */
} jn_poll_request;

/* flags of jn_poll_next */
#define JN_POLL_MORE 1u /* poll again at once */

/* Where the next poll starts. Views. Since 1.0. */
typedef struct jn_poll_next {
  uint32_t struct_size;
  uint32_t flags;   /* JN_POLL_* */
  jn_str cursor;    /* text, at most 4 KiB; stored with the events in one transaction */
  uint64_t wait_ms; /* the provider asks for at least this pause; 0 = none named */
} jn_poll_next;

/* Where a connector puts its results. The host's, valid for the call. Since 1.0. */
typedef struct jn_poll_sink jn_poll_sink;
struct jn_poll_sink {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx; /* the host's */

  /* Adds one event; it must have a payload_json, since there is no body. An event that was given
     before is dropped by its id.
     Thread: [call]. Owner: host copies the event before it returns.
     Errors: JN_E_INVALID (no type, no payload, or a *_json member that is not JSON), JN_E_TOO_LARGE
     (too many events), JN_E_DEADLINE; stop and return the status. Since 1.0. */
  jn_status (*event)(const jn_poll_sink *sink, const jn_event *event);

  /* Says where the next poll starts; exactly once, after the last event.
     Thread: [call]. Owner: host copies before it returns.
     Errors: JN_E_CONFLICT when called twice, JN_E_TOO_LARGE (cursor too long). Since 1.0. */
  jn_status (*next)(const jn_poll_sink *sink, const jn_poll_next *next);
};

/* Since 1.0. */
typedef struct jn_poll {
  uint32_t struct_size;
  uint32_t reserved0; /* 0 */

  /* Fetches what happened since the cursor. If it fails, its events are dropped and the cursor
     stays.
     Thread: [call]. Owner: views only.
     Errors: JN_E_INVALID = the cursor makes no sense any more, the host starts over; else the class
     of the provider's answer. Since 1.0. */
  jn_status (*poll)(const jn_call *call, jn_instance *instance, const jn_poll_request *request,
                    const jn_poll_sink *sink);
} jn_poll;

#ifdef __cplusplus
}
#endif
#endif
