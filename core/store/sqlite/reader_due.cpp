// The scan for deliveries that are due: from lane to lane by the index, never through the backlog
// of a lane that takes no more.
#include <algorithm>
#include <array>
#include <charconv>

#include "store/sqlite/reader.h"
#include "store/sqlite/rows.h"

namespace junctor::store {
namespace {

// Tenant, destination, priority.
using LaneNumbers = std::array<int64_t, 3>;

constexpr LaneNumbers kBeforeAll{-1, -1, -1};

std::string textOf(const LaneNumbers& lane) {
  return std::to_string(lane[0]) + "/" + std::to_string(lane[1]) + "/" + std::to_string(lane[2]);
}

// Only ever reads what textOf() wrote; anything else starts at the first lane.
LaneNumbers laneOf(const std::string& text) {
  LaneNumbers lane = kBeforeAll;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (int64_t& number : lane) {
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc()) return kBeforeAll;
    at = std::min(read.ptr + 1, end);
  }
  return lane;
}

}  // namespace

// Two rounds: the lanes after `from`, then those up to it.
Result<DueScan> Reader::due(int64_t now_ms, const std::string& from, const DueTaker& take) {
  const LaneNumbers start = laneOf(from);
  DueScan scan;
  LaneNumbers at = start;
  bool wrapped = start == kBeforeAll;
  for (;;) {
    JUNCTOR_TRY(const auto lane, laneAfter(at));
    if (!lane && wrapped) return scan;
    if (!lane) {
      wrapped = true;
      at = kBeforeAll;
      continue;
    }
    if (wrapped && start != kBeforeAll && *lane > start) return scan;
    JUNCTOR_TRY(const bool more, offerLane(*lane, now_ms, take, scan));
    if (!more) {
      scan.stopped_at = textOf(*lane);
      return scan;
    }
    at = *lane;
  }
}

Result<std::optional<LaneNumbers>> Reader::laneAfter(const LaneNumbers& lane) {
  JUNCTOR_TRY(auto rows,
              query("SELECT tenant, destination, priority FROM delivery INDEXED BY delivery_due"
                    " WHERE state = 0 AND (tenant, destination, priority) > (?,?,?)"
                    " ORDER BY tenant, destination, priority LIMIT 1"));
  rows->with(lane[0], lane[1], lane[2]);
  std::optional<LaneNumbers> next;
  if (rows->row()) next = {rows->integer(0), rows->integer(1), rows->integer(2)};
  JUNCTOR_CHECK(rows.end());
  return next;
}

// False: the taker wants nothing more of any lane.
Result<bool> Reader::offerLane(const LaneNumbers& lane, int64_t now_ms, const DueTaker& take,
                               DueScan& scan) {
  static const std::string sql =
      std::string("SELECT d.next_at, ") + kDeliveryColumns +
      " FROM delivery d INDEXED BY delivery_due WHERE d.state = 0"
      " AND d.tenant = ? AND d.destination = ? AND d.priority = ? ORDER BY d.next_at, d.key";
  JUNCTOR_TRY(auto rows, query(sql));
  rows->with(lane[0], lane[1], lane[2]);
  DueStep step = DueStep::Next;
  while (step == DueStep::Next && rows->row()) {
    const int64_t next_at = rows->integer(0);
    if (next_at > now_ms) {
      scan.next_due_ms = std::min(next_at, scan.next_due_ms.value_or(next_at));
      break;
    }
    step = take(readDelivery(NamedRow{*rows, names_}, 1));
  }
  JUNCTOR_CHECK(rows.end());
  return step != DueStep::Stop;
}

}  // namespace junctor::store
