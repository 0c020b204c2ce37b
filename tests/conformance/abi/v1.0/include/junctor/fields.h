/* Junctor connector ABI v1: junctor.fields/1, the fields of a provider's objects, custom ones too.
 * Mappings and forms are made from them. */
#ifndef JUNCTOR_FIELDS_H
#define JUNCTOR_FIELDS_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_FIELDS_ID "junctor.fields/1"

/* types of a field */
#define JN_FIELD_TEXT 1u
#define JN_FIELD_INTEGER 2u
#define JN_FIELD_NUMBER 3u
#define JN_FIELD_BOOLEAN 4u
#define JN_FIELD_DATE 5u      /* "2026-11-21" */
#define JN_FIELD_TIME 6u      /* RFC 3339 */
#define JN_FIELD_CHOICE 7u    /* one of `options` */
#define JN_FIELD_REFERENCE 8u /* id of another object, named by `refers_to` */
#define JN_FIELD_JSON 9u      /* anything else */

/* flags of jn_field */
#define JN_FIELD_REQUIRED 1u /* when an object is made */
#define JN_FIELD_READ_ONLY 2u
#define JN_FIELD_CUSTOM 4u   /* defined by the account, not by the provider */
#define JN_FIELD_MULTIPLE 8u /* a list of values */

/* One field of an object. Views. Since 1.0. */
typedef struct jn_field {
  uint32_t struct_size;
  uint32_t flags;   /* JN_FIELD_REQUIRED and its like */
  uint32_t type;    /* JN_FIELD_TEXT and its like */
  uint32_t reserved0;
  jn_str name;      /* as in the provider's API, required: "customfield_10010" */
  jn_str label;     /* for people; empty = the name */
  jn_str help;      /* one sentence; may be empty */
  jn_str refers_to; /* object that a JN_FIELD_REFERENCE points at */
  jn_map options;   /* of a JN_FIELD_CHOICE: value, label */
} jn_field;

/* Where a connector puts fields. The host's, valid for the call. Since 1.0. */
typedef struct jn_field_sink jn_field_sink;
struct jn_field_sink {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx; /* the host's */

  /* Adds one field, in the provider's order.
     Thread: [call]. Owner: host copies the field before it returns.
     Errors: JN_E_INVALID (no name, an unknown type), JN_E_CONFLICT (a name twice), JN_E_TOO_LARGE
     (too many fields), JN_E_DEADLINE; stop and return the status. Since 1.0. */
  jn_status (*field)(const jn_field_sink *sink, const jn_field *field);
};

/* Since 1.0. */
typedef struct jn_fields {
  uint32_t struct_size;
  uint32_t reserved0; /* 0 */

  /* Lists the fields of one object of the provider ("issue"), all pages of them.
     Thread: [call]. Owner: views only.
     Errors: JN_E_NOT_FOUND = no such object; else the class of the provider's answer. Since 1.0. */
  jn_status (*list)(const jn_call *call, jn_instance *instance, const jn_str *object,
                    const jn_field_sink *sink);
} jn_fields;

#ifdef __cplusplus
}
#endif
#endif
