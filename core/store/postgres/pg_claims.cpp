// Work that is left: claimed for this node, then offered. What is claimed and not taken is given
// back at once.
#include <algorithm>

#include "base/limits.h"
#include "store/postgres/columns.h"
#include "store/postgres/pg_reader.h"
#include "store/row_codec.h"

namespace junctor::store::postgres {
namespace {

constexpr int64_t kClaimRows = 64;      // deliveries claimed at a time
constexpr int64_t kInboxRows = 16'384;  // of this node, looked through at a time; it keeps fewer
constexpr size_t kLoadRows = 256;       // requests loaded at a time

struct Waiting {
  std::string tenant;
  int64_t key;
};

}  // namespace

Result<int64_t> PgReader::claim() const {
  if (!member_) return int64_t{0};
  const int64_t epoch = member_->epoch();
  if (epoch == 0) return unavailable("this node was taken for dead and joins again");
  return epoch;
}

// What this node has already comes first: it is the older work, and nobody else may do it.
Result<std::vector<RawRequestPtr>> PgReader::inbox(size_t limit, size_t bytes_max,
                                                   const std::function<bool(EventId)>& skip) {
  JUNCTOR_TRY(const int64_t claim, this->claim());
  std::vector<RawRequestPtr> requests;
  std::vector<Waiting> mine;
  for (const bool claimed : {false, true}) {
    mine.clear();
    JUNCTOR_TRY(Rows rows, asHost("SELECT tenant_id, key, id_lo FROM inbox WHERE epoch = $1::int8"
                                  " ORDER BY key LIMIT $2::int8",
                                  Params::of(claim, kInboxRows)));
    if (member_) member_->load().requests = static_cast<int64_t>(rows.size());
    while (rows.row() && mine.size() < limit) {
      const EventId id{uuidOfRow(rows.integer(1), rows.word(2))};
      if (!skip || !skip(id)) mine.push_back({rows.text(0), rows.integer(1)});
    }
    if (claimed || mine.size() >= limit || claim == 0) break;
    JUNCTOR_CHECK(claimRequests(claim, limit - mine.size()));
  }
  size_t bytes = 0;
  for (size_t at = 0; at < mine.size() && bytes <= bytes_max;) {
    Column tenants(Column::Texts), keys(Column::Numbers);
    for (size_t end = std::min(mine.size(), at + kLoadRows); at < end; ++at) {
      tenants.add(mine[at].tenant);
      keys.add(mine[at].key);
    }
    JUNCTOR_TRY(Rows rows, asHost(std::string("SELECT ") + kPgRequestColumns +
                                      " FROM unnest($1::text[], $2::int8[]) AS i(tenant_id, key)"
                                      " JOIN request r USING (tenant_id, key) ORDER BY r.key",
                                  Params::of(std::move(tenants), std::move(keys))));
    while (bytes <= bytes_max && rows.row()) {
      auto request = readRequest(rows, 0);
      if (!request) {  // it stays where it is and is reported; the others go on
        reportDamage(request.error(), EventId{uuidOfRow(rows.integer(0), rows.word(1))});
        continue;
      }
      bytes += (*request)->body.size();
      auto held = std::make_shared<RawRequest>(**request);
      held->claim = claim;
      requests.push_back(std::move(held));
    }
  }
  return requests;
}

Result<std::map<std::string, int64_t>> PgReader::parked() {
  JUNCTOR_TRY(Rows rows, asHost("SELECT integration, count(*)::int8 FROM parked GROUP BY 1"));
  std::map<std::string, int64_t> counts;
  while (rows.row()) counts.emplace(rows.text(0), rows.integer(1));
  return counts;
}

Result<void> PgReader::claimRequests(int64_t claim, size_t count) {
  JUNCTOR_CHECK(asHost(
      "UPDATE inbox b SET epoch = $1::int8 FROM (SELECT tenant_id, key FROM inbox WHERE epoch = 0"
      " ORDER BY key LIMIT $2::int8 FOR UPDATE SKIP LOCKED) f WHERE b.tenant_id = f.tenant_id"
      " AND b.key = f.key AND EXISTS (SELECT 1 FROM node WHERE epoch = $1::int8 FOR KEY SHARE)",
      Params::of(claim, static_cast<int64_t>(count))));
  return {};
}

// Every lane that has something pending, with the time its first is due: one look per lane into the
// index, however long their backlogs are.
Result<std::vector<PgReader::Lane>> PgReader::lanes() {
  JUNCTOR_TRY(
      Rows rows,
      asHost("WITH RECURSIVE lane AS ("
             " (SELECT tenant_id, destination, priority, next_at FROM delivery WHERE state = 0"
             "  ORDER BY tenant_id, destination, priority, next_at, key LIMIT 1)"
             " UNION ALL SELECT n.* FROM lane l, LATERAL (SELECT d.tenant_id, d.destination,"
             "  d.priority, d.next_at FROM delivery d WHERE d.state = 0 AND"
             "  (d.tenant_id, d.destination, d.priority) > (l.tenant_id, l.destination,"
             "  l.priority) ORDER BY d.tenant_id, d.destination, d.priority, d.next_at, d.key"
             "  LIMIT 1) n) SELECT tenant_id, destination, priority, next_at FROM lane"));
  std::vector<Lane> lanes;
  while (rows.row()) {
    lanes.push_back({rows.text(0), rows.text(1), rows.integer(2), rows.integer(3)});
  }
  return lanes;
}

// The lanes after `from`, then those up to it.
Result<DueScan> PgReader::due(int64_t now_ms, const std::string& from, const DueTaker& take) {
  JUNCTOR_TRY(const int64_t claim, this->claim());
  JUNCTOR_TRY(std::vector<Lane> all, lanes());
  const auto start =
      std::find_if(all.begin(), all.end(), [&](const Lane& lane) { return lane.text() > from; });
  if (!from.empty()) std::rotate(all.begin(), start, all.end());
  DueScan scan;
  for (const Lane& lane : all) {
    if (lane.next_at > now_ms) {
      scan.next_due_ms = std::min(lane.next_at, scan.next_due_ms.value_or(lane.next_at));
      continue;
    }
    JUNCTOR_TRY(const Offer offer, offerLane(lane, claim, now_ms, take, scan));
    if (offer != Offer::Stop) continue;
    scan.stopped_at = lane.text();
    return scan;
  }
  return scan;
}

Result<PgReader::Offer> PgReader::offerLane(const Lane& lane, int64_t claim, int64_t now_ms,
                                            const DueTaker& take, DueScan& scan) {
  JUNCTOR_TRY(Offer offer, offerOwn(lane, claim, now_ms, take));
  while (offer == Offer::More && claim != 0) {
    JUNCTOR_TRY(offer, offerClaimed(lane, claim, now_ms, take));
  }
  if (offer == Offer::Stop || offer == Offer::NextLane) return offer;
  JUNCTOR_TRY(Rows later, asHost("SELECT next_at FROM delivery WHERE state = 0 AND tenant_id = $1"
                                 " AND destination = $2 AND priority = $4::int8 AND"
                                 " next_at > $3::int8 ORDER BY next_at, key LIMIT 1",
                                 Params::of(lane.tenant, lane.destination, now_ms, lane.priority)));
  if (later.row()) {
    const int64_t at = later.integer(0);
    scan.next_due_ms = std::min(at, scan.next_due_ms.value_or(at));
  }
  return Offer::NextLane;
}

Result<PgReader::Offer> PgReader::offerOwn(const Lane& lane, int64_t claim, int64_t now_ms,
                                           const DueTaker& take) {
  JUNCTOR_TRY(Rows rows,
              asHost(std::string("SELECT ") + kPgDeliveryColumns +
                         " FROM delivery d WHERE d.state = 0 AND d.tenant_id = $1 AND"
                         " d.destination = $2 AND d.next_at <= $3::int8 AND d.epoch = $4::int8"
                         " AND d.priority = $5::int8 ORDER BY d.next_at, d.key",
                     Params::of(lane.tenant, lane.destination, now_ms, claim, lane.priority)));
  while (rows.row()) {
    Delivery delivery = readDelivery(rows, 0);
    delivery.claim = claim;
    const DueStep step = take(std::move(delivery));
    if (step != DueStep::Next) return step == DueStep::Stop ? Offer::Stop : Offer::NextLane;
  }
  return Offer::More;
}

// The taker says with a step other than Next that it did not take this one either.
Result<PgReader::Offer> PgReader::offerClaimed(const Lane& lane, int64_t claim, int64_t now_ms,
                                               const DueTaker& take) {
  JUNCTOR_TRY(
      Rows rows,
      asHost(std::string("WITH f AS MATERIALIZED (SELECT tenant_id, key FROM delivery WHERE"
                         " state = 0 AND tenant_id = $1 AND destination = $2 AND"
                         " next_at <= $3::int8 AND epoch = 0 AND priority = $6::int8"
                         " ORDER BY next_at, key"
                         " LIMIT $5::int8 FOR UPDATE SKIP LOCKED),"
                         " claimed AS (UPDATE delivery d SET epoch = $4::int8 FROM f WHERE"
                         " d.tenant_id = f.tenant_id AND d.key = f.key AND EXISTS (SELECT 1 FROM"
                         " node WHERE epoch = $4::int8 FOR KEY SHARE) RETURNING d.*) SELECT ") +
                 kPgDeliveryColumns + " FROM claimed d ORDER BY d.next_at, d.key",
             Params::of(lane.tenant, lane.destination, now_ms, claim, kClaimRows, lane.priority)));
  if (rows.size() == 0) return Offer::LaneEnds;
  if (member_) member_->load().deliveries += static_cast<int64_t>(rows.size());
  Offer offer = Offer::More;
  std::vector<int64_t> left;
  while (rows.row()) {
    Delivery delivery = readDelivery(rows, 0);
    delivery.claim = claim;
    const int64_t key = delivery.id.orderKey();
    if (offer != Offer::More) {
      left.push_back(key);
      continue;
    }
    const DueStep step = take(std::move(delivery));
    if (step == DueStep::Next) continue;
    offer = step == DueStep::Stop ? Offer::Stop : Offer::NextLane;
    left.push_back(key);
  }
  if (!left.empty()) JUNCTOR_CHECK(release(lane.tenant, claim, left));
  return offer;
}

Result<void> PgReader::release(const std::string& tenant, int64_t claim,
                               const std::vector<int64_t>& keys) {
  Column column(Column::Numbers);
  for (const int64_t key : keys) column.add(key);
  member_->load().deliveries -= static_cast<int64_t>(keys.size());
  JUNCTOR_CHECK(
      asHost("UPDATE delivery SET epoch = 0 WHERE tenant_id = $1 AND"
             " key = ANY($2::int8[]) AND state = 0 AND epoch = $3::int8",
             Params::of(tenant, std::move(column), claim)));
  return {};
}

}  // namespace junctor::store::postgres
