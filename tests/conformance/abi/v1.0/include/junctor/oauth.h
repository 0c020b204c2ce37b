/* Junctor connector ABI v1: junctor.oauth/1, what the manifest's "oauth2" section cannot say. A
 * function that is NULL leaves the standard way (RFC 6749, PKCE) to the host. */
#ifndef JUNCTOR_OAUTH_H
#define JUNCTOR_OAUTH_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_OAUTH_ID "junctor.oauth/1"

/* An authorization that is about to start. Views, valid for the call. Since 1.0. */
typedef struct jn_oauth_start {
  uint32_t struct_size;
  uint32_t flags;      /* none yet */
  jn_str redirect_uri;
  jn_str scopes;       /* separated by spaces */
  jn_str account_hint; /* what the person typed: "mycompany"; may be empty */
} jn_oauth_start;

/* A token. Views. Secret: never logged, never put into a result. Since 1.0. */
typedef struct jn_oauth_token {
  uint32_t struct_size;
  uint32_t flags;       /* none yet */
  jn_str access_token;  /* required */
  jn_str refresh_token; /* empty = the old one stays */
  jn_str token_type;    /* empty = "Bearer" */
  jn_str scopes;        /* separated by spaces; empty = as asked for */
  jn_str extra_json;    /* one JSON object of facts for later calls, kept sealed; may be empty */
  int64_t expires_ms;   /* Unix milliseconds; 0 = does not expire */
} jn_oauth_token;

/* Whom the token stands for. Views. Since 1.0. */
typedef struct jn_oauth_account {
  uint32_t struct_size;
  uint32_t flags;     /* none yet */
  jn_str id;          /* the provider's, required; the same account gives the same id */
  jn_str name;        /* for people; may be empty */
  jn_str base_url;    /* of the account's own API host, if it has one */
  jn_str detail_json; /* one JSON object; may be empty */
} jn_oauth_account;

/* Where a connector puts its results. The host's, valid for the call. Since 1.0. */
typedef struct jn_oauth_sink jn_oauth_sink;
struct jn_oauth_sink {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx; /* the host's */

  /* Adds a parameter to the authorization URL; the host's own (state, client_id, redirect_uri,
     code_challenge) cannot be set.
     Thread: [call]. Owner: host copies before it returns.
     Errors: JN_E_DENIED (one of the host's), JN_E_UNSUPPORTED (not in this call), JN_E_INVALID,
     JN_E_TOO_LARGE. Since 1.0. */
  jn_status (*param)(const jn_oauth_sink *sink, const jn_str *name, const jn_str *value);

  /* Gives the token, exactly once.
     Thread: [call]. Owner: host copies and seals it before it returns.
     Errors: JN_E_INVALID (no access_token), JN_E_UNSUPPORTED (not in this call), JN_E_CONFLICT when
     called twice. Since 1.0. */
  jn_status (*token)(const jn_oauth_sink *sink, const jn_oauth_token *token);

  /* Gives the account, exactly once.
     Thread: [call]. Owner: host copies before it returns.
     Errors: JN_E_INVALID (no id), JN_E_UNSUPPORTED (not in this call), JN_E_CONFLICT when called
     twice. Since 1.0. */
  jn_status (*account)(const jn_oauth_sink *sink, const jn_oauth_account *account);
};

/* Since 1.0. */
typedef struct jn_oauth {
  uint32_t struct_size;
  uint32_t reserved0; /* 0 */

  /* Names parameters of the authorization URL beyond the standard ones. May be NULL. CPU only.
     Thread: [call]. Owner: views only; the sink takes params.
     Errors: JN_E_INVALID = the account hint is wrong. Since 1.0. */
  jn_status (*authorize_params)(const jn_call *call, jn_instance *instance,
                                const jn_oauth_start *start, const jn_oauth_sink *sink);

  /* Reads a token endpoint's answer that is not RFC 6749 §5.1. May be NULL. CPU only.
     Thread: [call]. Owner: views only; the sink takes one token.
     Errors: JN_E_AUTH = the provider refused, JN_E_INVALID = not understood. Since 1.0. */
  jn_status (*parse_token)(const jn_call *call, jn_instance *instance, uint32_t http_status,
                           const jn_str *body, const jn_oauth_sink *sink);

  /* Gets a new token where that is no refresh_token grant. May be NULL. The host runs one at a time
     per credential.
     Thread: [call]. Owner: views only; the sink takes one token.
     Errors: JN_E_AUTH = a person must authorize again; JN_E_UNAVAILABLE and its like are retried.
     Since 1.0. */
  jn_status (*refresh)(const jn_call *call, jn_instance *instance, const jn_oauth_token *old,
                       const jn_oauth_sink *sink);

  /* Asks the provider whom the credential stands for. May be NULL.
     Thread: [call]. Owner: views only; the sink takes one account.
     Errors: the class of the provider's answer. Since 1.0. */
  jn_status (*identify)(const jn_call *call, jn_instance *instance, const jn_oauth_sink *sink);
} jn_oauth;

#ifdef __cplusplus
}
#endif
#endif
