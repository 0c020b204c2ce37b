#include "model/delivery.h"

#include <array>

namespace junctor {
namespace {

constexpr std::array<std::string_view, 7> kStates = {"pending",  "running", "waiting",  "delivered",
                                                     "filtered", "dead",    "discarded"};
constexpr std::array<std::string_view, 7> kOutcomes = {
    "delivered",       "http_error", "timeout", "connect_failed",
    "broken_response", "denied",     "internal"};

constexpr std::array<std::string_view, kPriorities> kPriorityNames = {"urgent", "normal", "bulk"};

// kNext[from] = bit set of the states it may become.
constexpr unsigned bit(DeliveryState state) {
  return 1U << static_cast<unsigned>(state);
}
using S = DeliveryState;
constexpr std::array<unsigned, 7> kNext = {
    /* pending   */ bit(S::Running) | bit(S::Waiting) | bit(S::Filtered) | bit(S::Dead) |
        bit(S::Discarded),
    /* running   */ bit(S::Pending) | bit(S::Waiting) | bit(S::Delivered) | bit(S::Filtered) |
        bit(S::Dead) | bit(S::Discarded),
    /* waiting   */ bit(S::Pending) | bit(S::Dead) | bit(S::Discarded),
    /* delivered */ 0,
    /* filtered  */ 0,
    /* dead      */ bit(S::Pending) | bit(S::Discarded),
    /* discarded */ 0,
};

}  // namespace

std::string_view toString(DeliveryState state) {
  return kStates[static_cast<size_t>(state)];
}

std::optional<DeliveryState> parseDeliveryState(std::string_view text) {
  for (size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<DeliveryState>(i);
  }
  return std::nullopt;
}

bool mayBecome(DeliveryState from, DeliveryState to) {
  return (kNext[static_cast<size_t>(from)] & bit(to)) != 0;
}

bool isFinal(DeliveryState state) {
  return state == S::Delivered || state == S::Filtered || state == S::Discarded;
}

bool isOpen(DeliveryState state) {
  return state == S::Pending || state == S::Running || state == S::Waiting;
}

std::string_view toString(Priority priority) {
  return kPriorityNames[static_cast<size_t>(priority)];
}

std::optional<Priority> parsePriority(std::string_view text) {
  for (size_t i = 0; i < kPriorities; ++i) {
    if (kPriorityNames[i] == text) return static_cast<Priority>(i);
  }
  return std::nullopt;
}

std::string_view toString(AttemptOutcome outcome) {
  return kOutcomes[static_cast<size_t>(outcome)];
}

}  // namespace junctor
