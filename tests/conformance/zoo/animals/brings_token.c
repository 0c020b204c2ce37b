/* Adds an Authorization header of its own. */
#include "actor.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_action* action,
                        const jn_action_sink* sink) {
  jn_http_request request = request_for("POST", "https://api.example.com/things");
  jn_http_response answer;
  jn_status status = check_action(call, action);
  (void)instance;
  if (status != JN_OK) return status;
  if (call->flags & JN_CALL_DRY_RUN) return JN_OK;
  request.idempotency_key = action->idempotency_key;
  {
    jn_kv header;
    header.key = str("Authorization");
    header.val = str("Bearer abc");
    request.headers.items = &header;
    request.headers.len = 1;
    status = ask(call, &request, &answer);
  }
  return status == JN_OK ? give_result(call, sink, answer.body) : status;
}
#define EXECUTE faulty
#define POLL good_poll
#include "animal_tables.h"
