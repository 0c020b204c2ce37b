/* The test host for connectors in C, or any language that can call C: junctor/testing.hpp behind
 * plain functions. Link the target Junctor::testing, or compile
 * share/junctor/sdk/testing/testing.cpp with your tests. One thread. Texts that are returned live
 * until the next call on the same host. */
#ifndef JUNCTOR_TESTING_H
#define JUNCTOR_TESTING_H

#include <junctor/junctor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jnt_host jnt_host;

/* A new host, which opened the connector; NULL if it refuses: why is printed to stderr. */
jnt_host* jnt_open(const jn_plugin* plugin);
/* Destroys the instance, closes the connector and frees the host. */
void jnt_close(jnt_host* host);

/* The host's clock, and the n-th alloc or service of the next calls that fails; 0 = none. */
void jnt_set_now(jnt_host* host, int64_t unix_ms);
void jnt_fail_allocation_at(jnt_host* host, size_t n);
void jnt_cancel_at(jnt_host* host, size_t n);

/* Makes the instance that the calls below use, in place of the one before. */
jn_status jnt_create(jnt_host* host, const char* settings_json);
/* Hands over a webhook with these bytes, or those of a file. */
jn_status jnt_handle(jnt_host* host, const char* body, size_t len);
jn_status jnt_handle_file(jnt_host* host, const char* file);
/* Runs an action; `flags` as in jn_call. */
jn_status jnt_execute(jnt_host* host, const char* action, const char* params_json, uint32_t flags);

/* From now on requests must be those of the recording. 0 if the file is none. */
int jnt_replay(jnt_host* host, const char* file);
/* From now on requests go out, by curl, with the credential's header ("Authorization: Bearer …"),
 * until jnt_finish_recording writes the file, without it. */
void jnt_record(jnt_host* host, const char* file, const char* credential, const char* header);
int jnt_finish_recording(jnt_host* host);
/* "" if every request was as recorded, and all were made. */
const char* jnt_http_problem(jnt_host* host);

/* Of the last call. */
const char* jnt_message(const jnt_host* host); /* of its failure */
uint64_t jnt_retry_after_ms(const jnt_host* host);
size_t jnt_event_count(const jnt_host* host);
/* A member of the n-th event: type, id, resource_type, resource_id, actor, data, payload, metadata;
 * "" if there is none. */
const char* jnt_event_text(const jnt_host* host, size_t n, const char* member);
int64_t jnt_event_occurred_ms(const jnt_host* host, size_t n);
const char* jnt_result(const jnt_host* host); /* of an action, JSON */

#ifdef __cplusplus
}
#endif
#endif
