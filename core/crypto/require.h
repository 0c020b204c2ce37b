#pragma once
// What OpenSSL may only refuse when the machine is broken (no memory, no default provider). There
// is no safe way on: an unchecked MAC would be a hole, so the process ends with a reason.
namespace junctor::crypto {

void require(bool ok, const char* what);

}  // namespace junctor::crypto
