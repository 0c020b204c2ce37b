/* Junctor connector ABI v1: junctor.actions/1, acts at the provider ("create an issue"). */
#ifndef JUNCTOR_ACTIONS_H
#define JUNCTOR_ACTIONS_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_ACTIONS_ID "junctor.actions/1"

/* One action to run. Views, valid for the call. Since 1.0. */
typedef struct jn_action {
  uint32_t struct_size;
  uint32_t flags;         /* none yet */
  jn_str name;            /* as in the manifest: "create_issue" */
  jn_str params_json;     /* one JSON object, valid against the action's input schema */
  jn_str idempotency_key; /* the same for every attempt of one act; hand it on to the provider */
} jn_action;

/* What came of it. Views. Since 1.0. */
typedef struct jn_action_result {
  uint32_t struct_size;
  uint32_t flags;     /* none yet */
  jn_str data_json;   /* one JSON value, valid against the action's output schema; empty = null */
  jn_str external_id; /* the provider's id of what was made or changed; may be empty */
  jn_str url;         /* where a person can look at it; may be empty */
} jn_action_result;

/* Where a connector puts the result. The host's, valid for the call. Since 1.0. */
typedef struct jn_action_sink jn_action_sink;
struct jn_action_sink {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx; /* the host's */

  /* Gives the result, at most once per call; none at all means null.
     Thread: [call]. Owner: host copies the result before it returns.
     Errors: JN_E_INVALID (a member that is not what it must be), JN_E_CONFLICT when called twice,
     JN_E_TOO_LARGE, JN_E_DEADLINE; stop and return the status. Since 1.0. */
  jn_status (*result)(const jn_action_sink *sink, const jn_action_result *result);
};

/* Since 1.0. */
typedef struct jn_actions {
  uint32_t struct_size;
  uint32_t reserved0; /* 0 */

  /* Runs one action. 30 s by default; all network traffic goes through junctor.http/1. With
     JN_CALL_DRY_RUN nothing is sent: the result says what would be.
     Thread: [call]. Owner: views only.
     Errors: JN_E_INVALID = unknown action or wrong parameters; else the class of the provider's
     answer, with details through `fail`. The host tries again only if nothing was sent or the
     manifest calls the action idempotent. Since 1.0. */
  jn_status (*execute)(const jn_call *call, jn_instance *instance, const jn_action *action,
                       const jn_action_sink *sink);
} jn_actions;

#ifdef __cplusplus
}
#endif
#endif
