// libFuzzer: any bytes, cut at places the first byte chooses, read as the same requests as in one
// piece; no crash, no body over its limit.
#include <algorithm>
#include <cstdint>

#include "fuzz/request_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t piece = 1 + data[0] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  junctor::testing::RequestBytes whole;
  junctor::testing::RequestBytes cut;
  whole.feed(bytes);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    cut.feed(bytes.substr(at, std::min(piece, bytes.size() - at)));
  }
  if (whole.seen() != cut.seen()) __builtin_trap();
  return 0;
}
