#pragma once
// Text encodings of bytes. Decoders are strict: they refuse what is not exactly the encoding.
#include <optional>
#include <string>
#include <string_view>

namespace junctor {

constexpr bool isDigit(char c) {  // ASCII, whatever the locale
  return c >= '0' && c <= '9';
}
// Of one hexadecimal digit, either case; -1 if it is none.
constexpr int hexValue(char c) {
  if (isDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string toHex(std::string_view bytes);                     // lower case
std::optional<std::string> fromHex(std::string_view text);     // either case
std::string toBase64(std::string_view bytes);                  // padded, RFC 4648 §4
std::optional<std::string> fromBase64(std::string_view text);  // padding optional
std::string toBase64Url(std::string_view bytes);               // RFC 4648 §5, no padding
std::optional<std::string> percentDecode(std::string_view text, bool plus_is_space = false);
std::string percentEncode(std::string_view text);  // all but unreserved
bool validUtf8(std::string_view text);
std::string lowerAscii(std::string_view text);
bool equalsIgnoreCase(std::string_view a, std::string_view b);  // ASCII
std::string_view trim(std::string_view text);                   // spaces and tabs

}  // namespace junctor
