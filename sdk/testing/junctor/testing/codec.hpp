// Encodings, digests and times for the test host.
#ifndef JUNCTOR_TESTING_CODEC_HPP
#define JUNCTOR_TESTING_CODEC_HPP

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jnc::testing {

inline std::string toHex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

inline int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

inline std::optional<std::string> fromHex(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hexDigit(text[i]), low = hexDigit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

inline std::string_view base64Digits(bool url) {
  return url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
             : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

inline std::string toBase64(std::string_view bytes, bool url = false) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    }
    for (size_t k = 0; k < 4; ++k) {
      if (i + k <= bytes.size()) {
        out += base64Digits(url)[group >> (18 - 6 * k) & 63];
      } else if (!url) {
        out += '=';
      }
    }
  }
  return out;
}

inline std::optional<std::string> fromBase64(std::string_view text, bool url = false) {
  for (int i = 0; i < 2 && !text.empty() && text.size() % 4 == 0 && text.back() == '='; ++i) {
    text.remove_suffix(1);
    if (text.size() % 4 == 3 && (text.empty() || text.back() != '=')) break;
    if (text.back() == '=') text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  uint32_t bits = 0, count = 0;
  for (const char c : text) {
    const size_t digit = base64Digits(url).find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 255);
    }
  }
  if (bits & ((1u << count) - 1)) return std::nullopt;  // bits that mean nothing
  return out;
}

inline std::string toPercent(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    constexpr char kDigits[] = "0123456789ABCDEF";
    out += '%';
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

inline std::optional<std::string> fromPercent(std::string_view text, bool plus_is_space = false) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

// Raw SHA-256 (FIPS 180-4).
inline std::string sha256(std::string_view bytes) {
  static constexpr std::array<uint32_t, 64> kRounds = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
      0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
      0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
      0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
      0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
      0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
      0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
      0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
      0xc67178f2};
  std::array<uint32_t, 8> state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const auto rotated = [](uint32_t x, int n) { return x >> n | x << (32 - n); };
  std::string padded(bytes);
  padded += '\x80';
  while (padded.size() % 64 != 56) padded += '\0';
  for (int shift = 56; shift >= 0; shift -= 8) {
    padded += static_cast<char>(static_cast<uint64_t>(bytes.size()) * 8 >> shift & 255);
  }
  for (size_t block = 0; block < padded.size(); block += 64) {
    std::array<uint32_t, 64> w{};
    for (size_t i = 0; i < 64; ++i) {
      w[i / 4 % 16] = w[i / 4 % 16] << 8 | static_cast<unsigned char>(padded[block + i]);
    }
    for (size_t i = 16; i < 64; ++i) {
      const uint32_t a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) + w[i - 7] +
             (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
    }
    std::array<uint32_t, 8> s = state;
    for (size_t i = 0; i < 64; ++i) {
      const uint32_t t1 = s[7] + (rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25)) +
                          ((s[4] & s[5]) ^ (~s[4] & s[6])) + kRounds[i] + w[i];
      const uint32_t t2 = (rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22)) +
                          ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
      s = {t1 + t2, s[0], s[1], s[2], s[3] + t1, s[4], s[5], s[6]};
    }
    for (size_t i = 0; i < 8; ++i) state[i] += s[i];
  }
  std::string out;
  for (const uint32_t word : state) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift & 255);
  }
  return out;
}

inline std::string hmacSha256(std::string key, std::string_view bytes) {
  if (key.size() > 64) key = sha256(key);
  key.resize(64, '\0');
  std::string inner, outer;
  for (const char c : key) {
    inner += static_cast<char>(c ^ 0x36);
    outer += static_cast<char>(c ^ 0x5c);
  }
  return sha256(outer + sha256(inner + std::string(bytes)));
}

// RFC 3339 and what providers take for it: a space for the T or before the offset, "+0000", no
// offset, a comma.
inline std::optional<int64_t> parseTime(std::string_view text) {
  size_t at = 0;
  bool good = true;
  const auto digits = [&](int count) {
    int64_t value = 0;
    for (int i = 0; i < count; ++i, ++at) {
      if (at >= text.size() || text[at] < '0' || text[at] > '9') good = false;
      if (good) value = value * 10 + (text[at] - '0');
    }
    return value;
  };
  const auto expect = [&](std::string_view any_of) {
    if (at >= text.size() || any_of.find(text[at]) == any_of.npos) good = false;
    ++at;
  };
  int64_t year = digits(4);
  expect("-");
  const int64_t month = digits(2);
  expect("-");
  const int64_t day = digits(2);
  expect("Tt ");
  const int64_t hour = digits(2);
  expect(":");
  const int64_t minute = digits(2);
  expect(":");
  const int64_t second = digits(2);
  int64_t ms = 0, offset = 0;
  if (good && at < text.size() && (text[at] == '.' || text[at] == ',')) {
    const size_t first = ++at;
    for (int64_t unit = 100; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      ms += unit * (text[at] - '0');
      unit /= 10;
    }
    good = at > first;
  }
  if (good && at < text.size() && text[at] == ' ') ++at;
  if (good && at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else if (good && at < text.size()) {
    const int sign = text[at] == '-' ? -1 : 1;
    expect("+-");
    offset = digits(2) * 60;
    if (at < text.size() && text[at] == ':') ++at;
    offset = sign * (offset + digits(2));
  }
  constexpr std::array<int, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!good || at != text.size() || month < 1 || month > 12 || day < 1 ||
      day > kDays[static_cast<size_t>(month - 1)] || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2 && day == 29 && !leap) return std::nullopt;
  if (month <= 2) --year;  // days since 1970-01-01, years from March on
  const int64_t era = year / 400, of_era = year % 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
  return ((days * 24 + hour) * 60 + minute - offset) * 60'000 + second * 1000 + ms;
}

}  // namespace jnc::testing

#endif
