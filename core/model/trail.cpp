#include "model/trail.h"

#include <fmt/core.h>

#include "base/bytes.h"

namespace junctor {
namespace {

uint32_t digestOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

std::string_view trailOf(const Headers& headers) {
  const std::string* value = findHeader(headers, kTrailHeader);
  return value && value->size() <= kTrailBytesMax ? std::string_view(*value) : std::string_view();
}

// Takes the first hop off.
std::string_view takeHop(std::string_view& trail) {
  const std::string_view hop = trim(trail.substr(0, trail.find(',')));
  trail.remove_prefix(
      std::min(trail.find(',') == trail.npos ? trail.size() : trail.find(',') + 1, trail.size()));
  return hop;
}

// "0123abcd.route>destination" -> "route > destination"; "" if it is none.
std::string wordsOf(std::string_view hop) {
  const size_t dot = hop.find('.'), arrow = hop.find('>');
  if (dot == hop.npos || arrow == hop.npos || arrow < dot) return "";
  const auto route = percentDecode(hop.substr(dot + 1, arrow - dot - 1));
  const auto destination = percentDecode(hop.substr(arrow + 1));
  return route && destination ? *route + " > " + *destination : "";
}

}  // namespace

std::string hopOf(std::string_view tenant, std::string_view route, std::string_view destination) {
  return fmt::format("{:08x}.{}>{}", digestOf(tenant), percentEncode(route),
                     percentEncode(destination));
}

std::string trailWith(const Headers& headers, const std::string& hop) {
  std::string_view trail = trailOf(headers);
  while (!trail.empty() && trail.size() + 2 + hop.size() > kTrailBytesMax) takeHop(trail);
  return trail.empty() ? hop : std::string(trim(trail)) + ", " + hop;
}

std::optional<std::string> loopIn(const Headers& headers, const std::string& hop) {
  std::string_view trail = trailOf(headers);
  std::optional<std::string> rules;
  while (!trail.empty()) {
    const std::string_view one = takeHop(trail);
    if (!rules && one != hop) continue;
    const std::string words = wordsOf(one);
    rules = rules ? *rules + ", " + words : words;
  }
  return rules;
}

std::string rulesIn(const Headers& headers) {
  std::string_view trail = trailOf(headers);
  std::string rules;
  while (!trail.empty()) {
    const std::string words = wordsOf(takeHop(trail));
    if (!words.empty()) rules += (rules.empty() ? "" : ", ") + words;
  }
  return rules;
}

}  // namespace junctor
