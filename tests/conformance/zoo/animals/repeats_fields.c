/* Asks for the next page and gives the first again. */
#include "actor.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_str* object,
                        const jn_field_sink* sink) {
  const jn_str name = str("name");
  jn_field field;
  (void)call;
  (void)instance;
  (void)object;
  memset(&field, 0, sizeof field);
  field.struct_size = sizeof field;
  field.name = name;
  sink->field(sink, &field);
  return sink->field(sink, &field);
}
#undef LIST_FIELDS
#define LIST_FIELDS faulty
#define EXECUTE good_execute
#define POLL good_poll
#include "animal_tables.h"
