/* Junctor connector ABI v1: junctor.connector/1, which every connector offers. */
#ifndef JUNCTOR_CONNECTOR_H
#define JUNCTOR_CONNECTOR_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_CONNECTOR_ID "junctor.connector/1"

/* Calls on one instance never overlap, but come from any thread; several instances run at once.
   Since 1.0. */
typedef struct jn_connector {
  uint32_t struct_size;
  uint32_t reserved0; /* 0 */

  /* Makes an instance from the integration's settings, one JSON object.
     Thread: [any-thread]. Owner: connector owns *out until `destroy`; `config_json` is a view.
     Errors: JN_E_INVALID with a message that names the settings key; *out is then unset.
     Since 1.0. */
  jn_status (*create)(const jn_call *call, const jn_str *config_json, jn_instance **out);

  /* Ends an instance; no call on it is running.
     Thread: [any-thread]. Owner: connector frees it. Errors: none. Since 1.0. */
  void (*destroy)(jn_instance *instance);

  /* Tries the connection with the provider. May be NULL. `params_json` is one JSON object.
     Thread: [call]. Owner: views only.
     Errors: JN_E_AUTH, JN_E_UNAVAILABLE or another class, with details through `fail`.
     Since 1.0. */
  jn_status (*test)(const jn_call *call, jn_instance *instance, const jn_str *params_json);
} jn_connector;

#ifdef __cplusplus
}
#endif
#endif
