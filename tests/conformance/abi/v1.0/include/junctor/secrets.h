/* Junctor connector ABI v1: junctor.secrets/1, for the rare secret that must pass through the
 * connector's hands. Everything else is a credential name in junctor.http/1 or a signature in
 * junctor.crypto/1. */
#ifndef JUNCTOR_SECRETS_H
#define JUNCTOR_SECRETS_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_SECRETS_ID "junctor.secrets/1"

/* Since 1.0. */
typedef struct jn_secrets {
  uint32_t struct_size;
  uint32_t reserved0;

  /* The value of a secret that the manifest names under "secrets". Every read is audited. Never log
     it, never put it into an error or a result.
     Thread: [call]. Owner: host, in the arena of the call, wiped when the call ends.
     Errors: JN_E_DENIED (the manifest does not name it), JN_E_NOT_FOUND (the integration has none
     of that name), JN_E_UNAVAILABLE, JN_E_DEADLINE, JN_E_CANCELLED, JN_E_UNSUPPORTED (this host has
     none for connectors). Since 1.0. */
  jn_status (*get)(const jn_call *call, const jn_str *name, jn_str *out);
} jn_secrets;

#ifdef __cplusplus
}
#endif
#endif
