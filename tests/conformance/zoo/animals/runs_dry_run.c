/* Sends in a dry run as in any other. */
#include "actor.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_action* action,
                        const jn_action_sink* sink) {
  jn_http_request request = request_for("POST", "https://api.example.com/things");
  jn_http_response answer;
  jn_status status = check_action(call, action);
  (void)instance;
  if (status != JN_OK) return status;
  request.idempotency_key = action->idempotency_key;
  status = ask(call, &request, &answer);
  return status == JN_OK ? give_result(call, sink, answer.body) : status;
}
#define EXECUTE faulty
#define POLL good_poll
#include "animal_tables.h"
