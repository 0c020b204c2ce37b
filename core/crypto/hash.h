#pragma once
// Hashes, MACs and random bytes over OpenSSL 3. Only this room includes OpenSSL.
#include <string>
#include <string_view>

namespace junctor::crypto {

std::string sha256(std::string_view bytes);                                // 32 raw bytes
std::string sha256Hex(std::string_view bytes);
std::string hmacSha256(std::string_view key, std::string_view bytes);      // 32 raw bytes
std::string hmacSha1(std::string_view key, std::string_view bytes);        // 20 raw bytes
std::string randomBytes(size_t count);                                     // from OpenSSL's DRBG
bool equalConstantTime(std::string_view a, std::string_view b);            // lengths may differ
std::string md5Hex(std::string_view bytes);                                // for providers only

}  // namespace junctor::crypto
