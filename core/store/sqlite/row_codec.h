#pragma once
// Rows to structs and back: ids, headers, checksums and the column lists that both sides share.
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "model/delivery.h"
#include "model/event.h"
#include "model/step.h"
#include "store/sqlite/database.h"
#include "store/sqlite/name_table.h"

namespace junctor::store {

// A row holds an id as (order key, lower half); only version 7 ids come back whole.
Uuid uuidOfRow(int64_t key, uint64_t lo);
bool storable(Uuid id);

// Names and values, each behind its length (LEB128): any bytes come back as they were.
std::string encodeHeaders(const Headers& headers);
std::optional<Headers> decodeHeaders(std::string_view bytes);

uint32_t checksumOf(const RawRequest& request, std::string_view encoded_headers);
uint32_t checksumOf(const Event& event);

// Columns for `SELECT <columns> FROM <table>`, in the order the functions below read them, from
// column `first` on. Reading fails with DataLoss where the checksum does not match.
extern const char* const kRequestColumns;
extern const char* const kEventColumns;
extern const char* const kDeliveryColumns;
inline constexpr int kEventColumnCount = 23;

Result<RawRequestPtr> readRequest(const Statement& row, int first, const NameTable& names);
Result<Event> readEvent(const Statement& row, int first, const NameTable& names);
DeliveryState stateOf(int64_t value);  // a value outside the enum, so damage, is Dead
Delivery readDelivery(const Statement& row, int first, const NameTable& names);
// The columns of a step, from `first` on.
extern const char* const kStepColumns;
StepState stepStateOf(int64_t value);  // damage is Open: the step is done again
Step readStep(const Statement& row, int first);
Attempt readAttempt(const Statement& row, DeliveryId delivery_id);

}  // namespace junctor::store
