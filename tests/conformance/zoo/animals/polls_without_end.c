/* Polls, and does not say where to go on. */
#include "actor.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_poll_request* wanted,
                        const jn_poll_sink* sink) {
  const jn_http_request request = request_for("GET", "https://api.example.com/events");
  jn_http_response answer;
  (void)instance;
  (void)wanted;
  (void)sink;
  return ask(call, &request, &answer);
}
#define EXECUTE good_execute
#define POLL faulty
#include "animal_tables.h"
