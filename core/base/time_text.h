#pragma once
// Times as providers write them.
#include <cstdint>
#include <optional>
#include <string_view>

namespace junctor {

// RFC 3339 and its common relatives: "2026-11-21T08:30:00.123Z", "+02:00", "+0200", a space for the
// T or before the zone, no zone = UTC. Unix milliseconds; digits beyond milliseconds are dropped.
std::optional<int64_t> parseTimeText(std::string_view text);

}  // namespace junctor
