/* Junctor connector ABI v1: the library as the host sees it, and its one exported function. */
#ifndef JUNCTOR_PLUGIN_H
#define JUNCTOR_PLUGIN_H

#include "host.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The connector's, static for the life of the library. Since 1.0. */
struct jn_plugin {
  uint32_t struct_size;
  uint32_t abi_major; /* JN_ABI_MAJOR */
  uint32_t abi_minor; /* the least host minor this connector needs */
  uint32_t flags;     /* 0 */
  jn_str id;          /* equal to the manifest's, or the load fails */
  jn_str version;     /* equal to the manifest's, or the load fails */

  /* Called once, before anything else. May fetch and keep host interfaces.
     Thread: [setup]. Owner: `host` stays the host's and is valid until `close` has returned.
     Errors: any; the connector is then refused and `close` is not called. Since 1.0. */
  jn_status (*open)(const jn_plugin *self, const jn_host *host);

  /* Called at most once, after the last instance was destroyed. Joins every thread of the
     connector. A host that keeps the library until the process ends need not call it.
     Thread: [setup]. Owner: nothing passes. Errors: none. Since 1.0. */
  void (*close)(const jn_plugin *self);

  /* The table of a connector interface, e.g. "junctor.webhook/1" (JN_WEBHOOK_ID). `id` ends with
     NUL. The same id always gives the same pointer.
     Thread: [any-thread], after `open`. Owner: connector; the table is static.
     Errors: NULL when the connector does not offer it. Since 1.0. */
  const void *(*get_interface)(const jn_plugin *self, const char *id);
};

/* The only exported symbol of a connector library. Has no side effect.
   Thread: [setup]. Owner: connector; the table is static.
   Errors: NULL = this connector refuses a host of that minor. Since 1.0. */
JN_EXPORT const jn_plugin *junctor_plugin_v1(uint32_t host_abi_minor);

#ifdef __cplusplus
}
#endif
#endif
