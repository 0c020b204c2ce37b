/* Writes the secret it was lent into the log. */
#include "actor.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_action* action,
                        const jn_action_sink* sink) {
  const jn_str name = str("token");
  jn_str value;
  if (secrets && secrets->get(call, &name, &value) == JN_OK)
    logs->write(call, JN_LOG_INFO, &value, NULL);
  return good_execute(call, instance, action, sink);
}
#define EXECUTE faulty
#define POLL good_poll
#include "animal_tables.h"
