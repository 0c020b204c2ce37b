/* Takes a hook that is gone already for a failure. */
#include "actor.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_str* id) {
  const jn_http_request request = request_for("DELETE", "https://api.example.com/hooks/1");
  jn_http_response answer;
  (void)instance;
  (void)id;
  return ask(call, &request, &answer);
}
#undef UNSUBSCRIBE
#define UNSUBSCRIBE faulty
#define EXECUTE good_execute
#define POLL good_poll
#include "animal_tables.h"
