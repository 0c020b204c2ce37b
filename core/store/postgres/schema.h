#pragma once
// The tables of a cluster's database: numbered migrations, and the partitions that follow the days.
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "store/postgres/connection.h"

namespace junctor::store::postgres {

// Brings the database up to this build's schema; of several nodes that start at once one does.
// Refuses a schema newer than this build's, or one whose migrations differ.
Result<void> migrate(Connection& connection, const Clock& clock);
// The same checks without writing. NotFound if nothing is stored there.
Result<void> checkSchema(Connection& connection);

// Tables for the rows of today and tomorrow. Rows of other days rest in the default partitions.
Result<void> makePartitions(Connection& connection, int64_t now_ms);

// Deletes the dedupe rows up to that key: they left the window.
Result<void> pruneDedupe(Connection& connection, int64_t oldest_key);

// A 64-bit number for an advisory lock or a channel that several stores of one database do not
// share (each is a schema).
Result<int64_t> lockNumber(Connection& connection, std::string_view purpose);

}  // namespace junctor::store::postgres
