// The fingerprint of a dead letter's cause. It is stored and shown: what it makes of a text may not
// change.
#include <algorithm>
#include <cctype>

#include "model/delivery.h"

namespace junctor {
namespace {

constexpr size_t kReasonBytes = 200;  // what stands behind is the case, not the cause
constexpr size_t kIdLength = 8;       // from here on a word of hex digits is an id
constexpr uint64_t kFnvOffset = 0xcbf29ce484222325;
constexpr uint64_t kFnvPrime = 0x100000001b3;

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool wordLike(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
}
bool hexLike(char c) {
  return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
}

bool isId(std::string_view word) {
  return word.size() >= kIdLength && std::any_of(word.begin(), word.end(), digit) &&
         std::all_of(word.begin(), word.end(), hexLike);
}

// "orders@0123456789ab:12: …" -> "orders:12:": the rule and its line, whatever its version.
void appendRule(std::string& out, std::string_view& reason) {
  const size_t at = reason.find('@');
  const size_t colon = reason.find(':', at == reason.npos ? 0 : at);
  if (at == reason.npos || colon == reason.npos) return;
  const size_t end = std::min(reason.find_first_not_of("0123456789", colon + 1), reason.size());
  out.append(reason.substr(0, at)).append(reason.substr(colon, end - colon));
  reason.remove_prefix(end);
}

void appendWord(std::string& out, std::string_view word) {
  if (isId(word)) {
    out += '#';
    return;
  }
  for (size_t i = 0; i < word.size(); ++i) {
    if (!digit(word[i])) {
      out += word[i];
    } else if (i == 0 || !digit(word[i - 1])) {
      out += '#';
    }
  }
}

std::string causeText(std::string_view reason) {
  constexpr std::string_view kRule = "rule-error: ", kAnswered = "the receiver answered ";
  reason = reason.substr(0, kReasonBytes);
  std::string out;
  if (reason.starts_with(kRule)) {
    out = kRule;
    reason.remove_prefix(kRule.size());
    appendRule(out, reason);
  }
  if (const size_t at = reason.find(kAnswered); at != reason.npos) {
    const size_t status = at + kAnswered.size();
    out.append(reason.substr(0, status));
    return status < reason.size() ? out + reason[status] + "xx" : out;
  }
  while (!reason.empty()) {
    size_t length = 0;
    while (length < reason.size() && wordLike(reason[length])) ++length;
    appendWord(out, reason.substr(0, length));
    if (length < reason.size()) out += reason[length++];
    reason.remove_prefix(length);
  }
  return out;
}

uint64_t hashOn(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return (hash ^ 0xff) * kFnvPrime;  // an end, so that "a","bc" differs from "ab","c"
}

}  // namespace

uint64_t causeOf(const Delivery& delivery, std::string_view reason) {
  const bool sent = !delivery.destination.empty();
  uint64_t hash = hashOn(kFnvOffset, sent ? "destination" : "integration");
  hash = hashOn(hash, sent ? delivery.destination : delivery.integration);
  hash = hashOn(hash, causeText(reason));
  hash ^= hash >> 32;
  return hash == 0 ? 1 : hash;
}

}  // namespace junctor
