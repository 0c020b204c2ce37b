#pragma once
// Texts of configuration -> typed values. Each reader gives the value or one sentence on what is
// wrong, without repeating the text (it might be a secret put in the wrong place).
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/catalog.h"

namespace junctor::config {

// Decimal, no sign games, no leading zero: 012 is 10 for some readers and 12 for others.
Result<int64_t> parseInteger(std::string_view text, int64_t min, int64_t max);
Result<bool> parseBoolean(std::string_view text);  // true | false, nothing else
// "500ms" "5s" "30m" "2h" "1d", or plain 0.
Result<std::chrono::milliseconds> parseDuration(std::string_view text,
                                                std::chrono::milliseconds max);
std::string formatDuration(std::chrono::milliseconds duration);  // in the largest exact unit

// "12", "0.15": millionths, at most six digits behind the point.
Result<int64_t> parseMicros(std::string_view text, int64_t max);
std::string formatMicros(int64_t micros);  // "0.15"

// "50/s" "600/m" "1000/h".
Result<RateLimit> parseRate(std::string_view text);

Result<void> checkName(std::string_view text);       // ids and names: letters, digits, . _ -
Result<void> checkAddress(std::string_view text);    // host:port, [v6]:port; port 0 = any
Result<void> checkHttpUrl(std::string_view text);    // http(s)://host[:port]/…, no user:password
Result<void> checkSecretRef(std::string_view text);  // env: file: vault:, never the secret
Result<void> checkHeader(std::string_view name, std::string_view value);
Result<void> checkStore(std::string_view text);

}  // namespace junctor::config
