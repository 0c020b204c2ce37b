/* Junctor connector ABI v1: junctor.webhook/1, inbound webhooks. */
#ifndef JUNCTOR_WEBHOOK_H
#define JUNCTOR_WEBHOOK_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_WEBHOOK_ID "junctor.webhook/1"

/* One request as received. Views, valid for the call. Since 1.0. */
typedef struct jn_http_in {
  uint32_t struct_size;
  uint32_t flags;      /* none yet */
  jn_str method;
  jn_str url;          /* as the sender saw it */
  jn_str query;        /* after '?', not decoded */
  jn_map headers;      /* in order; only verify sees signatures and authorization */
  jn_str body;         /* raw bytes */
  jn_str remote_ip;
  int64_t received_ms; /* Unix milliseconds */
} jn_http_in;

/* flags of jn_event */
#define JN_EVENT_HAS_SEQUENCE 1u

/* One normalized occurrence. Views. The *_json members hold one JSON value each, or are empty.
   Since 1.0. */
typedef struct jn_event {
  uint32_t struct_size;
  uint32_t flags;       /* JN_EVENT_* */
  jn_str type;          /* dotted, required: "pull_request.opened" */
  jn_str id;            /* the provider's id of the event, dedupes redeliveries; may be empty */
  jn_str resource_type; /* "pull_request" */
  jn_str resource_id;   /* as text, so that large ids stay exact */
  jn_str actor_json;    /* {"id":…,"name":…} */
  jn_str data_json;     /* canonical object: ticket, contact, message, deal or company */
  jn_str payload_json;  /* empty = the body itself is the payload */
  jn_str metadata_json; /* small facts beside the payload */
  int64_t occurred_ms;  /* Unix milliseconds; 0 = unknown */
  int64_t sequence;     /* order at the source; read only with JN_EVENT_HAS_SEQUENCE */
} jn_event;

/* An answer to the sender. Views. Since 1.0. */
typedef struct jn_reply {
  uint32_t struct_size;
  uint32_t status;
  jn_map headers;
  jn_str body;
} jn_reply;

/* Where a connector puts its results. The host's, valid for the call. Since 1.0. */
typedef struct jn_webhook_sink jn_webhook_sink;
struct jn_webhook_sink {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx; /* the host's */

  /* Adds one event; none at all is a clean skip. A wrong event fails the whole call.
     Thread: [call]. Owner: host copies the event before it returns.
     Errors: JN_E_INVALID (no type, or a *_json member that is not JSON), JN_E_TOO_LARGE (too many
     events), JN_E_DEADLINE; stop and return the status. Since 1.0. */
  jn_status (*event)(const jn_webhook_sink *sink, const jn_event *event);

  /* Answers the sender, at most once per call; needs reply_from in the manifest's webhook.
     Thread: [call]. Owner: host copies the reply before it returns.
     Errors: JN_E_UNSUPPORTED when the sender already has its answer, JN_E_CONFLICT when called
     twice. Since 1.0. */
  jn_status (*reply)(const jn_webhook_sink *sink, const jn_reply *reply);
};

/* Since 1.0. */
typedef struct jn_webhook {
  uint32_t struct_size;
  uint32_t reserved0; /* 0 */

  /* Checks a signature that the manifest cannot describe. NULL for all others. CPU only.
     Thread: [call]. Owner: views only. Errors: JN_E_SIGNATURE refuses the request. Since 1.0. */
  jn_status (*verify)(const jn_call *call, jn_instance *instance, const jn_http_in *request);

  /* Turns one request into 0..n events. CPU only; the same request gives the same events.
     Thread: [call]. Owner: views only.
     Errors: JN_E_INVALID when the request makes no sense; an unknown event type is no error but an
     event of that type. Since 1.0. */
  jn_status (*handle)(const jn_call *call, jn_instance *instance, const jn_http_in *request,
                      const jn_webhook_sink *sink);
} jn_webhook;

#ifdef __cplusplus
}
#endif
#endif
