#pragma once
// Ids: UUIDv7 (RFC 9562) behind a prefix that names the kind: evt_, dlv_.
// The top 60 bits (48 of milliseconds, 12 of sequence) are unique and rising within one store, so
// they also serve as its 64-bit row key: no random-key index stands on the hot path.
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace junctor {

class Clock;

struct Uuid {
  uint64_t hi = 0;
  uint64_t lo = 0;

  bool empty() const { return hi == 0 && lo == 0; }
  // Milliseconds << 12 | sequence: positive, ordered by time.
  int64_t orderKey() const { return static_cast<int64_t>(((hi >> 16) << 12) | (hi & 0xfff)); }
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

std::string formatUuid(Uuid id);
std::optional<Uuid> parseUuid(std::string_view text);

// An id that cannot be mistaken for one of another kind. Tag gives the prefix.
template <class Tag>
struct Id {
  Uuid uuid;

  bool empty() const { return uuid.empty(); }
  int64_t orderKey() const { return uuid.orderKey(); }
  std::string text() const { return Tag::prefix + formatUuid(uuid); }
  static std::optional<Id> parse(std::string_view text) {
    const std::string_view prefix = Tag::prefix;
    if (!text.starts_with(prefix)) return std::nullopt;
    const auto uuid = parseUuid(text.substr(prefix.size()));
    if (!uuid) return std::nullopt;
    return Id{*uuid};
  }
  friend auto operator<=>(const Id&, const Id&) = default;
};

struct EventTag {
  static constexpr const char* prefix = "evt_";
};
struct DeliveryTag {
  static constexpr const char* prefix = "dlv_";
};
using EventId = Id<EventTag>;
using DeliveryId = Id<DeliveryTag>;

// Makes UUIDv7s whose orderKey() rises strictly, across threads and (through `floor`) restarts:
// a clock that jumps back does not make ids jump back. Processes that share one store use a lane
// each, so that their order keys differ.
class IdSource {
 public:
  explicit IdSource(const Clock& clock) : clock_(clock) {}

  // Ids made from now on are above this order key. Called once with the store's highest key.
  void raiseFloor(int64_t order_key);
  // Order keys from now on are `lane` modulo kLanes (until then, and for lane < 0: any). Any
  // thread.
  static constexpr int64_t kLanes = 64;
  void useLane(int lane) { lane_.store(lane, std::memory_order_relaxed); }
  Uuid next();
  EventId nextEvent() { return EventId{next()}; }
  DeliveryId nextDelivery() { return DeliveryId{next()}; }

 private:
  const Clock& clock_;
  std::atomic<int64_t> last_{0};
  std::atomic<int> lane_{-1};
};

}  // namespace junctor

template <>
struct std::hash<junctor::Uuid> {
  size_t operator()(const junctor::Uuid& id) const noexcept {
    return static_cast<size_t>(id.hi * 0x9e3779b97f4a7c15ULL ^ id.lo);
  }
};
template <class Tag>
struct std::hash<junctor::Id<Tag>> {
  size_t operator()(const junctor::Id<Tag>& id) const noexcept {
    return std::hash<junctor::Uuid>{}(id.uuid);
  }
};
