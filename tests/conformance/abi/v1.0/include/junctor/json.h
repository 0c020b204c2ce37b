/* Junctor connector ABI v1: junctor.json/1, so that no connector needs a JSON library.
 * Reading: nodes are small values that stay good until the call ends. The body of the request is
 * parsed once: `parse` of those very bytes costs nothing.
 * Writing: a writer that cannot make invalid JSON. */
#ifndef JUNCTOR_JSON_H
#define JUNCTOR_JSON_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_JSON_ID "junctor.json/1"

/* types of a node */
#define JN_JSON_ABSENT 0u
#define JN_JSON_NULL 1u
#define JN_JSON_BOOL 2u
#define JN_JSON_INT 3u    /* fits int64_t */
#define JN_JSON_UINT 4u   /* fits uint64_t only */
#define JN_JSON_DOUBLE 5u /* longer numbers come as strings of their literal */
#define JN_JSON_STRING 6u
#define JN_JSON_ARRAY 7u
#define JN_JSON_OBJECT 8u

/* A value in a parsed document; all zero = absent. Copy freely, never change. Frozen: embedded by
   value. */
typedef struct jn_json_node {
  uint64_t host[2];
} jn_json_node;

/* A position in an array or object; all zero = before the first. Frozen: embedded by value. */
typedef struct jn_json_iter {
  uint64_t host[8];
} jn_json_iter;

typedef struct jn_json_writer jn_json_writer; /* the host's, for one call */

/* Every function accepts absent nodes. Since 1.0. */
typedef struct jn_json {
  uint32_t struct_size;
  uint32_t reserved0;

  /* Parses one JSON text.
     Thread: [call]. Owner: host; nodes and their strings live until the call ends.
     Errors: JN_E_INVALID = not JSON or too deep, JN_E_TOO_LARGE = too many documents. Since 1.0. */
  jn_status (*parse)(const jn_call *call, const jn_str *text, jn_json_node *out);

  /* JN_JSON_* of the node.
     Thread: [call]. Owner: nothing passes. Errors: none. Since 1.0. */
  uint32_t (*type)(const jn_json_node *node);

  /* Member of an object. Duplicate keys: the first.
     Thread: [call]. Owner: host. Errors: none; 0 = absent, and *out is absent. Since 1.0. */
  int32_t (*get)(const jn_json_node *node, const char *key, size_t len, jn_json_node *out);

  /* Value at an RFC 6901 pointer; "" = the node itself.
     Thread: [call]. Owner: host. Errors: none; 0 = absent, and *out is absent. Since 1.0. */
  int32_t (*pointer)(const jn_json_node *node, const char *pointer, size_t len, jn_json_node *out);

  /* Element of an array.
     Thread: [call]. Owner: host. Errors: none; 0 = absent, and *out is absent. Since 1.0. */
  int32_t (*at)(const jn_json_node *node, size_t index, jn_json_node *out);

  /* Elements or members; 0 for all else.
     Thread: [call]. Owner: nothing passes. Errors: none. Since 1.0. */
  size_t (*size)(const jn_json_node *node);

  /* Steps to the next element or member; `key` (may be NULL) is empty in arrays.
     Thread: [call]. Owner: host. Errors: none; 0 = there was no next. Since 1.0. */
  int32_t (*next)(const jn_json_node *container, jn_json_iter *iter, jn_str *key,
                  jn_json_node *value);

  /* The text of a string, unescaped.
     Thread: [call]. Owner: host, until the call ends.
     Errors: none; 0 = not a string, *out is empty. Since 1.0. */
  int32_t (*as_str)(const jn_json_node *node, jn_str *out);

  /* An integer that fits.
     Thread: [call]. Owner: nothing passes. Errors: none; 0 = is not one. Since 1.0. */
  int32_t (*as_i64)(const jn_json_node *node, int64_t *out);

  /* An integer that fits.
     Thread: [call]. Owner: nothing passes. Errors: none; 0 = is not one. Since 1.0. */
  int32_t (*as_u64)(const jn_json_node *node, uint64_t *out);

  /* Any number.
     Thread: [call]. Owner: nothing passes. Errors: none; 0 = is not one. Since 1.0. */
  int32_t (*as_f64)(const jn_json_node *node, double *out);

  /* A boolean, as 0 or 1.
     Thread: [call]. Owner: nothing passes. Errors: none; 0 = is not one. Since 1.0. */
  int32_t (*as_bool)(const jn_json_node *node, int32_t *out);

  /* The node as compact JSON text; absent = "null".
     Thread: [call]. Owner: host, in the arena of the call.
     Errors: JN_E_TOO_LARGE = the arena is full. Since 1.0. */
  jn_status (*dump)(const jn_call *call, const jn_json_node *node, jn_str *out);

  /* A new, empty writer. The write functions return nothing: a misplaced value or key is remembered
     and reported by write_end.
     Thread: [call]. Owner: host. Errors: NULL = too many writers in this call. Since 1.0. */
  jn_json_writer *(*write_begin)(const jn_call *call);

  /* Opens an object (JN_JSON_OBJECT) or array (JN_JSON_ARRAY).
     Thread: [call]. Owner: nothing passes. Errors: at write_end. Since 1.0. */
  void (*write_open)(jn_json_writer *writer, uint32_t type);

  /* Closes the innermost object or array.
     Thread: [call]. Owner: nothing passes. Errors: at write_end. Since 1.0. */
  void (*write_close)(jn_json_writer *writer);

  /* Names the next member.
     Thread: [call]. Owner: host copies. Errors: at write_end. Since 1.0. */
  void (*write_key)(jn_json_writer *writer, const char *key, size_t len);

  /* A string; bytes that are not UTF-8 become U+FFFD.
     Thread: [call]. Owner: host copies. Errors: at write_end. Since 1.0. */
  void (*write_str)(jn_json_writer *writer, const char *text, size_t len);

  /* An integer.
     Thread: [call]. Owner: nothing passes. Errors: at write_end. Since 1.0. */
  void (*write_i64)(jn_json_writer *writer, int64_t value);

  /* An integer.
     Thread: [call]. Owner: nothing passes. Errors: at write_end. Since 1.0. */
  void (*write_u64)(jn_json_writer *writer, uint64_t value);

  /* A number; NaN and infinity become null.
     Thread: [call]. Owner: nothing passes. Errors: at write_end. Since 1.0. */
  void (*write_f64)(jn_json_writer *writer, double value);

  /* true or false.
     Thread: [call]. Owner: nothing passes. Errors: at write_end. Since 1.0. */
  void (*write_bool)(jn_json_writer *writer, int32_t value);

  /* null.
     Thread: [call]. Owner: nothing passes. Errors: at write_end. Since 1.0. */
  void (*write_null)(jn_json_writer *writer);

  /* A copy of a parsed value; absent = null.
     Thread: [call]. Owner: host copies. Errors: at write_end. Since 1.0. */
  void (*write_node)(jn_json_writer *writer, const jn_json_node *node);

  /* The finished text; the writer takes no more.
     Thread: [call]. Owner: host, until the call ends.
     Errors: JN_E_INVALID = what was written is not one JSON value, JN_E_TOO_LARGE = it is too long;
     *out is then empty. Since 1.0. */
  jn_status (*write_end)(jn_json_writer *writer, jn_str *out);
} jn_json;

#ifdef __cplusplus
}
#endif
#endif
