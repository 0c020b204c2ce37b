#pragma once
// Store: the durable record of everything. One interface, several engines, one contract suite
// (tests/conformance/store).
//
// Writes are queued and return at once; one writer thread groups what is waiting into one
// transaction. A completion runs on that thread after the commit is durable (fsync), appends in
// their order, the other writes in theirs; it must not block and must not call a read. If the
// commit fails, every completion of the batch gets the error and nothing of the batch is stored. A
// write that is refused for its own fault (InvalidArgument, NotFound, AlreadyExists) leaves no
// trace and does not disturb the others of its batch. Reads run on the caller's thread, see only
// committed data and may run in parallel with writes. A tenant argument of "" means all tenants;
// only the host's own loops may pass it.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/delivery.h"
#include "model/event.h"
#include "model/step.h"

namespace junctor::store {

// A claim is what entitles a process to work on a request or delivery. With one process it is
// always 0. Where several share a store (a cluster) each node's claims carry its epoch, a number
// that is never used twice: what is written under a claim that another node has taken over is
// refused with InvalidArgument (finish(): NotFound), so a node that was paused cannot write stale
// outcomes. 0 then means "whatever is mine or nobody's".
inline constexpr int64_t kNobodys = -1;  // rests in the store for whoever scans first
// A small JSON text under (kind, key).
struct Document {
  std::string kind, key, json;
};

struct Appended {
  EventId id;  // the stored request's id; of the first one if this is a duplicate
  bool duplicate = false;
  int64_t claim = 0;
};
using AppendDone = std::function<void(Result<Appended>)>;
using Done = std::function<void(Result<void>)>;

// What the flow made of one raw request: stored in the same transaction that takes the request off
// the inbox.
struct FlowOutcome {
  EventId request_id;
  std::vector<Event> events;         // >= 1; the first has the request's id
  std::vector<Delivery> deliveries;  // state Pending, Filtered, Dead or Discarded
  // A person runs a stored event (or a whole request) again: nothing need be on the inbox, and the
  // first event replaces the stored one of the same id, whichever of its request it is.
  bool again = false;
  int64_t claim = 0;  // of the request
  // Instead of all that: the request is put aside (off inbox(), still counted as its tenant's
  // inbox) until unpark() of its integration. `events` names it: one event with the request's id.
  bool park = false;
  // With `again`: the dead letter that is thereby done with. It becomes Discarded in the same
  // transaction; if it is not Dead any more, the outcome fails with InvalidArgument.
  std::optional<DeliveryId> settles = std::nullopt;
  // Put in the same transaction: how far a replay came, so that a crash repeats nothing.
  std::optional<Document> note = std::nullopt;
};
// Handed to the store until `done` is called; copied nowhere, events are large.
using FlowOutcomePtr = std::shared_ptr<FlowOutcome>;
// `stored[i]` false: event i was a duplicate by (integration, source_event_id) within the dedupe
// window; it and its deliveries were left out. Same order as FlowOutcome::events.
struct FlowStored {
  std::vector<bool> stored;
  int64_t claim = 0;  // of its pending deliveries
};
using FlowDone = std::function<void(Result<FlowStored>)>;

// The end of one attempt: recorded together with the delivery's new state.
struct AttemptRecord {
  Attempt attempt;
  std::string tenant;                            // whose delivery it is
  bool ordered = false;                          // it has an order key
  DeliveryState state = DeliveryState::Pending;  // Pending (try again), Delivered, Dead, Waiting
  int64_t next_at_ms = 0;                        // for Pending
  std::string reason;                            // for Dead
  int64_t claim = 0;                             // of the delivery
  uint64_t cause = 0;                            // for Dead: causeOf()
};
using AttemptRecordPtr = std::shared_ptr<const AttemptRecord>;

struct EventQuery {
  std::string tenant{};
  std::string integration{}, type{}, source{};  // "" = any; type may be a glob ("pull_request.*")
  int64_t since_ms = 0, until_ms = 0;           // received_at, 0 = open
  std::string rules{};  // part of the scripts applied: "orders@0123456789ab", "orders@"
  bool oldest_first = false;
  size_t limit = 50;     // at most limits::kPageMax
  std::string cursor{};  // from the previous page, "" = newest first page
};
struct DeliveryQuery {
  std::string tenant{};
  std::optional<EventId> event_id{};
  std::optional<DeliveryState> state{};
  std::string destination{};
  std::string integration{}, rule_version{};  // "" = any
  uint64_t cause = 0;                         // 0 = any; of dead letters
  int64_t since_ms = 0, until_ms = 0;         // created_at, 0 = open
  bool oldest_first = false;
  size_t limit = 50;
  std::string cursor{};
};
template <class T>
struct Page {
  std::vector<T> items;     // newest first, or as asked
  std::string next_cursor;  // "" = last page
};

// Counts per tenant, for `accepted = delivered + filtered + dead + discarded + pending`.
struct Ledger {
  int64_t requests = 0;  // stored raw requests
  int64_t inbox = 0;     // of them not yet through the flow
  int64_t events = 0;
  int64_t accepted = 0;                           // deliveries ever planned
  int64_t deliveries[7] = {0, 0, 0, 0, 0, 0, 0};  // by DeliveryState

  int64_t pending() const { return deliveries[0] + deliveries[1] + deliveries[2]; }
  // What the equation lacks: 0 = it balances.
  int64_t missing() const {
    int64_t ended = 0;
    for (size_t state = 3; state < 7; ++state) ended += deliveries[state];
    return accepted - pending() - ended;
  }
};

// A tenant whose counts and rows say different things.
struct Imbalance {
  std::string tenant;
  std::string what;  // "accepted: 12 counted, 11 stored"
};
// One pass of the check that counters and rows agree, done in steps.
struct LedgerPass {
  int64_t counted_to = 0;                 // row key; every row up to it is in `rows`
  std::map<std::string, int64_t> rows{};  // deliveries by tenant
  std::vector<Imbalance> found{};         // of the whole pass
  bool complete = false;
};

// Dead letters of one cause.
struct DeadCause {
  uint64_t cause = 0;
  int64_t count = 0;
  Delivery newest;
  int64_t oldest_at_ms = 0;  // created_at
};

struct Token {
  std::string id;
  std::string sha256_hex;  // of the whole token text; the text itself is never stored
  std::string tenant;      // "" = all tenants
  std::string role;        // owner admin operator viewer auditor
  int64_t created_at_ms = 0;
  int64_t expires_at_ms = 0;  // 0 = never
};

// What to read after a delivery that was offered: the next of its lane, the next lane, or nothing.
enum class DueStep { Next, NextLane, Stop };
using DueTaker = std::function<DueStep(Delivery)>;
struct DueScan {
  // Earliest due time later than asked for, of the lanes that were read to their end.
  std::optional<int64_t> next_due_ms;
  std::string stopped_at;  // `from` of the next scan; "" = all lanes were visited
};

enum class Health { Ok, LowSpace, Failing };

class Store {
 public:
  virtual ~Store() = default;

  // ---- writes (any thread)
  // Durable append of a verified request, deduped by (integration, dedupe_key). At most
  // limits::kAppendQueueMax wait: beyond it, and below the low-space mark, `done` gets
  // Unavailable at once (on the calling thread).
  virtual void append(RawRequestPtr request, AppendDone done) = 0;
  // NotFound (for this operation alone, not its batch) if the request is not on the inbox: some
  // other worker finished it before.
  virtual void finish(FlowOutcomePtr outcome, FlowDone done) = 0;
  void finish(FlowOutcome outcome, FlowDone done) {
    finish(std::make_shared<FlowOutcome>(std::move(outcome)), std::move(done));
  }
  // Legal from Pending (whoever records it holds the lease) and Waiting, as mayBecome() says. The
  // attempt's number must be above the attempts finished so far, else InvalidArgument. What ends an
  // ordered delivery makes the next one of its order key due, in the same transaction.
  virtual void record(AttemptRecordPtr record, Done done) = 0;
  // New deliveries for a stored event (replay).
  virtual void addDeliveries(std::vector<Delivery> deliveries, Done done) = 0;
  // A legal transition without an attempt: dead -> pending (redrive; attempts restart at 0, and it
  // becomes Bulk: what is live goes first), dead/pending -> discarded, pending -> filtered. Fails
  // with InvalidArgument if mayBecome() forbids it.
  virtual void setDeliveryState(DeliveryId id, DeliveryState state, int64_t next_at_ms,
                                std::string reason, Done done) = 0;
  // Remembers steps of a flow's pending delivery, by their key, and with `next_at_ms` when it is
  // due next; no attempt is spent. AlreadyExists, and nothing changes, if one of them is finished
  // in the store already; InvalidArgument if the delivery is not Pending.
  virtual void putSteps(DeliveryId id, std::vector<Step> steps, std::optional<int64_t> next_at_ms,
                        Done done) = 0;

  // ---- work left (recovery and refill). In a cluster both claim what they give out; what a node
  // has claimed is offered to it again and again, and to no other while the node lives.
  // Oldest requests on the inbox, leaving out those `skip` says are already being worked on: at
  // most `limit`, and no more once their bodies exceed `bytes_max` (so at least one).
  virtual Result<std::vector<RawRequestPtr>> inbox(size_t limit, size_t bytes_max,
                                                   const std::function<bool(EventId)>& skip) = 0;
  // How many requests are put aside, by integration; of all tenants.
  virtual Result<std::map<std::string, int64_t>> parked() = 0;
  // Puts the oldest of an integration's back on the inbox, at most `limit`; says how many. Blocks
  // until that is durable.
  virtual Result<int64_t> unpark(const std::string& integration, int64_t limit) = 0;
  // Offers the pending deliveries due at `now_ms`, lane by lane (a lane is one tenant's
  // destination and one priority), in each the oldest due time first. The answer steers: a lane
  // that takes no more
  // costs nothing, however long its backlog is. `from` is where the last scan stopped ("" = at the
  // first lane): every lane gets its turn.
  virtual Result<DueScan> due(int64_t now_ms, const std::string& from, const DueTaker& take) = 0;

  // ---- reads. NotFound also where the row belongs to another tenant; DataLoss where the stored
  // bytes do not match their checksum (lists and the inbox leave such rows out and log them).
  virtual Result<EventPtr> loadEvent(const std::string& tenant, EventId id) = 0;
  virtual Result<RawRequestPtr> loadRequest(const std::string& tenant, EventId id) = 0;
  virtual Result<Page<Event>> listEvents(const EventQuery& query) = 0;
  virtual Result<Delivery> loadDelivery(const std::string& tenant, DeliveryId id) = 0;
  virtual Result<Page<Delivery>> listDeliveries(const DeliveryQuery& query) = 0;
  // How many a list has in all, whatever limit and cursor say; may take a second for a million.
  virtual Result<int64_t> countEvents(const EventQuery& query) = 0;
  virtual Result<int64_t> countDeliveries(const DeliveryQuery& query) = 0;
  // The causes of a tenant's dead letters, the most frequent first, at most `limit`.
  virtual Result<std::vector<DeadCause>> deadCauses(const std::string& tenant, size_t limit) = 0;
  virtual Result<std::vector<Attempt>> listAttempts(DeliveryId id) = 0;  // first attempt first
  virtual Result<Ledger> ledger(const std::string& tenant) = 0;          // may take milliseconds
  virtual Result<std::vector<Step>> listSteps(DeliveryId id) = 0;        // by start, then key
  // The steps of kind "wait" that wait, of all tenants' pending deliveries.
  virtual Result<std::vector<WaitingStep>> waitingSteps() = 0;
  // By tenant, of all that have anything.
  virtual Result<std::map<std::string, Ledger>> ledgers() = 0;
  // One step of the ledger's check, reading some `rows_max` rows; the last of a pass compares the
  // counters with the rows in one snapshot: accepted with the rows there are, pending, waiting and
  // dead with the rows in that state, all ended ones with the rest; and names events that have no
  // delivery. Never disturbs the writer.
  virtual Result<void> checkLedger(LedgerPass& pass, size_t rows_max) = 0;

  // ---- configuration documents (small; synchronous and durable on return)
  virtual Result<void> putDocument(const std::string& kind, const std::string& key,
                                   const std::string& json) = 0;
  virtual Result<std::vector<std::pair<std::string, std::string>>> documents(
      const std::string& kind) = 0;  // (key, json), by key
  // NotFound if there is none; likewise removeToken().
  virtual Result<void> removeDocument(const std::string& kind, const std::string& key) = 0;
  virtual Result<void> putToken(const Token& token) = 0;
  virtual Result<std::optional<Token>> findToken(const std::string& sha256_hex) = 0;
  virtual Result<std::vector<Token>> tokens() = 0;
  virtual Result<void> removeToken(const std::string& id) = 0;

  // ---- state
  virtual Health health() const = 0;
  virtual int64_t highestOrderKey() const = 0;  // for IdSource::raiseFloor
  virtual size_t queuedWrites() const = 0;
  virtual uint64_t sizeBytes() const = 0;
  // Waits until everything queued so far is durable or failed. Not from a completion.
  virtual void flush() = 0;

  // ---- a cluster; a store of one process never calls
  struct Watcher {
    std::function<void()> work;  // there may be work that this process has not seen
    // Documents of that kind (up to its first '/') may have changed; told of these kinds alone.
    std::function<void(const std::string& kind)> documents;
    std::vector<std::string> kinds;
    // The node was taken for dead: its claims are others' now. What it holds and has not begun
    // must be forgotten, and what lane() says has to be asked anew.
    std::function<void()> lost;
  };
  // Calls come from threads of the store; those of work and documents may take long and write.
  // After watch({}) has returned none comes any more.
  virtual void watch(Watcher) {}
  virtual int lane() const { return -1; }  // for IdSource::useLane
  virtual int nodes() const { return 1; }  // how many there are, this one with them
  // Runs `work` while no other process of the cluster runs work of that name; within a process the
  // caller has his own mutex. Blocks. Unavailable if the database cannot be reached, or others take
  // longer than limits::kStoreAnswerMs. A process that stands still for that long loses its turn.
  virtual Result<void> exclusively(const std::string&, const std::function<Result<void>()>& work) {
    return work();
  }
};

struct StoreOptions {
  std::string data_dir;          // SQLite: the folder that holds junctor.db; made (0700) if absent
  uint64_t low_space_bytes = 0;  // 0 = limits::kLowSpaceBytes
  int64_t dedupe_window_ms = 0;  // 0 = limits::kDedupeWindowMs
  bool read_only = false;        // CLI inspection: no lock taken, writes answer Unavailable
  std::string node;  // cluster: who this is; a second one of that name replaces the first
  // How free space at a path is asked for; unset = the file system itself. Tests fill disks by it.
  std::function<Result<uint64_t>(const std::string&)> free_bytes;
};

// A location without its password, for people.
std::string withoutPassword(const std::string& location);

// Opens `location`: "sqlite" (data_dir/junctor.db), "sqlite:/path/file.db", or a cluster's database
// "postgres://user@host[,host…]/database[?libpq options]" (its own option lease_ms: how long a
// silent node keeps its claims). Runs pending migrations. Fails with Unavailable if another process
// holds the file, or the database cannot be reached.
Result<std::unique_ptr<Store>> open(const std::string& location, const StoreOptions& options,
                                    const Clock& clock);

}  // namespace junctor::store
