/* Junctor connector ABI v1: junctor.hooks/1, webhook subscriptions kept at the provider through its
 * API, for providers that need no person to click. */
#ifndef JUNCTOR_HOOKS_H
#define JUNCTOR_HOOKS_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_HOOKS_ID "junctor.hooks/1"

/* A subscription that is wanted. Views, valid for the call. Since 1.0. */
typedef struct jn_hook_request {
  uint32_t struct_size;
  uint32_t flags;        /* none yet */
  jn_str url;            /* where the provider shall post to */
  jn_str events_json;    /* JSON array of event types of the manifest: ["pull_request.*"] */
  jn_str signing_secret; /* made for this subscription; tell the provider and nobody else; empty =
                            the provider chooses */
} jn_hook_request;

/* flags of jn_hook */
#define JN_HOOK_DISABLED 1u /* the provider has stopped posting */

/* A subscription as the provider has it. Views. Since 1.0. */
typedef struct jn_hook {
  uint32_t struct_size;
  uint32_t flags;        /* JN_HOOK_* */
  jn_str id;             /* the provider's, required */
  jn_str url;            /* where it posts to; may be empty */
  jn_str events_json;    /* JSON array of event types; may be empty */
  jn_str signing_secret; /* one that the provider chose; the host seals it; else empty */
  int64_t expires_ms;    /* Unix milliseconds, renewed before; 0 = never */
} jn_hook;

/* Where a connector puts subscriptions. The host's, valid for the call. Since 1.0. */
typedef struct jn_hook_sink jn_hook_sink;
struct jn_hook_sink {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx; /* the host's */

  /* Adds one subscription.
     Thread: [call]. Owner: host copies the hook before it returns.
     Errors: JN_E_INVALID (no id, events_json is no array of texts), JN_E_CONFLICT (a second one in
     `subscribe` or `renew`, an id twice), JN_E_TOO_LARGE (too many), JN_E_DEADLINE; stop and return
     the status. Since 1.0. */
  jn_status (*hook)(const jn_hook_sink *sink, const jn_hook *hook);
};

/* Since 1.0. */
typedef struct jn_hooks {
  uint32_t struct_size;
  uint32_t reserved0; /* 0 */

  /* Makes a subscription, or finds the one that posts to this URL already: asking twice leaves one.
     Thread: [call]. Owner: views only; the sink gets exactly one hook.
     Errors: the class of the provider's answer. Since 1.0. */
  jn_status (*subscribe)(const jn_call *call, jn_instance *instance, const jn_hook_request *request,
                         const jn_hook_sink *sink);

  /* Ends a subscription by the provider's id. One that is gone already is JN_OK.
     Thread: [call]. Owner: view only. Errors: the class of the provider's answer. Since 1.0. */
  jn_status (*unsubscribe)(const jn_call *call, jn_instance *instance, const jn_str *hook_id);

  /* Prolongs a subscription that expires. NULL where none does.
     Thread: [call]. Owner: views only; the sink gets exactly one hook.
     Errors: JN_E_NOT_FOUND = it is gone, the host subscribes anew; else the class of the provider's
     answer. Since 1.0. */
  jn_status (*renew)(const jn_call *call, jn_instance *instance, const jn_hook *hook,
                     const jn_hook_sink *sink);

  /* Lists the subscriptions that the provider has for this credential, all pages of them.
     Thread: [call]. Owner: views only. Errors: the class of the provider's answer. Since 1.0. */
  jn_status (*list)(const jn_call *call, jn_instance *instance, const jn_hook_sink *sink);
} jn_hooks;

#ifdef __cplusplus
}
#endif
#endif
