#include "store/sqlite/rows.h"

namespace junctor::store {

const char* const kRequestColumns =
    "r.key, r.id_lo, r.tenant, r.integration, r.connector, r.received_at, r.checksum,"
    " r.dedupe_key, r.method, r.url, r.remote_ip, r.headers, r.body";

const char* const kEventColumns =
    "e.key, e.id_lo, e.request_key, e.request_lo, e.tenant, e.integration, e.source, e.received_at,"
    " e.occurred_at, e.checksum, e.sequence, e.hops, e.stale, e.type, e.source_event_id,"
    " e.resource_type, e.resource_id, e.correlation_id, e.actor, e.metadata, e.data, e.payload,"
    " e.rules";

const char* const kDeliveryColumns =
    "d.key, d.id_lo, d.event_key, d.event_lo, d.tenant, d.integration, d.destination, d.route,"
    " d.rule_version, d.state, d.attempts, d.next_at, d.created_at, d.order_key, d.reason,"
    " d.mapping, d.body, d.cause, d.priority, d.latest_only";

const char* const kStepColumns =
    "s.key, s.kind, s.target, s.digest, s.state, s.tries, s.started_at, s.ended_at, s.due_at,"
    " s.result, s.error";

}  // namespace junctor::store
