#pragma once
// The body of one request: bytes in, body out. Either a fixed length or chunks (RFC 9112 §7.1),
// read strictly: exact CRLF, plain hex sizes, extensions checked and dropped, trailers checked and
// dropped. No sockets, no time.
#include <cstdint>
#include <string>
#include <string_view>

#include "net/request_head.h"

namespace junctor::net {

class BodyReader {
 public:
  enum class State { NeedMore, Done, Refused };

  // A fixed length has been compared with the limit by the caller.
  static BodyReader fixed(uint64_t length);
  static BodyReader chunked(size_t bytes_max);

  // Appends to `body`; `used` grows by what belongs to this body and never beyond it.
  State read(std::string_view bytes, size_t& used, std::string& body);
  const Refusal& refusal() const { return refusal_; }

 private:
  enum class Step { Fixed, ChunkLine, ChunkData, ChunkEnd, Trailer };

  State readData(std::string_view bytes, size_t& used, std::string& body);
  State readLine(std::string_view bytes, size_t& used);  // Done: line_ is complete
  State onChunkLine(size_t body_bytes);
  State onTrailer();
  State refuse(int status, std::string_view why);

  Step step_ = Step::Fixed;
  uint64_t remaining_ = 0;
  size_t bytes_max_ = 0;
  size_t extra_bytes_ = 0;  // extensions and trailers, bounded like a head
  size_t trailers_ = 0;
  std::string line_;
  Refusal refusal_;
};

}  // namespace junctor::net
