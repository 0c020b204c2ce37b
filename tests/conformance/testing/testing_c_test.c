/* The test host from C. Returns the line that went wrong, 0 if none. */
#include <junctor/testing.h>
#include <string.h>

int testingFromC(const jn_plugin* plugin, const char* fixture);

#define MUST(condition) \
  if (!(condition)) return __LINE__

int testingFromC(const jn_plugin* plugin, const char* fixture) {
  jnt_host* host = jnt_open(plugin);
  MUST(host);
  MUST(jnt_handle(host, "{}", 2) == JN_E_INTERNAL); /* no instance yet */
  MUST(jnt_create(host, "[]") == JN_E_INVALID);
  MUST(strstr(jnt_message(host), "settings"));
  MUST(jnt_create(host, "{}") == JN_OK);
  MUST(jnt_handle_file(host, fixture) == JN_OK);
  MUST(jnt_event_count(host) == 1);
  MUST(strcmp(jnt_event_text(host, 0, "type"), "order.paid") == 0);
  MUST(strcmp(jnt_event_text(host, 1, "type"), "") == 0);
  MUST(jnt_event_occurred_ms(host, 0) == 1772442930000);
  MUST(jnt_handle_file(host, "/no/such/file") == JN_E_INTERNAL);
  MUST(strstr(jnt_message(host), "cannot be read"));
  jnt_close(host);
  return 0;
}
