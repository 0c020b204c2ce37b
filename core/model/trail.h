#pragma once
// Trail: which rules sent an event on its way. It travels in the header Junctor-Trail beside
// Junctor-Hops: whoever is called by a delivery and calls back with both headers lets the next
// Junctor see that the same rule would send the same thing to the same place once more. That ends
// an echo (A -> B -> A) or a call to oneself at once instead of after limits::kHopsMax rounds.
#include <optional>
#include <string>
#include <string_view>

#include "model/event.h"

namespace junctor {

inline constexpr std::string_view kTrailHeader = "Junctor-Trail";

// "0123abcd.route>destination": a digest of the tenant, so that no receiver learns its name, and
// the names of its rule and destination, percent-encoded.
std::string hopOf(std::string_view tenant, std::string_view route, std::string_view destination);
// The trail of a request with one more hop; the oldest are cut off beyond kTrailBytesMax.
std::string trailWith(const Headers& headers, const std::string& hop);
// If `hop` stands in the request's trail: the rules from there on, as "all > crm, back > self".
std::optional<std::string> loopIn(const Headers& headers, const std::string& hop);

// All rules of the request's trail, likewise; "" if it has none.
std::string rulesIn(const Headers& headers);

inline constexpr size_t kTrailBytesMax = 2'048;

}  // namespace junctor
