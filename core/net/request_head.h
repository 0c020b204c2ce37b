#pragma once
// The head of a request: bytes in, verdict out; no sockets, no time. Two steps: HeadScanner finds
// where the head ends and refuses what is no text line by line (control bytes, bare CR or LF,
// folded lines, too long); parseHead() runs Boost.Beast's parser over the complete head and our
// policy over what it found. Beast alone accepts doubtful framing (folded lines, lists of
// Content-Length, unknown codings, any Host); whatever two parsers could read differently is
// refused here. Source: RFC 9112 §2-§7, RFC 9110 §7.2 and §8.6.
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/http_message.h"

namespace junctor::net {

// Why a request is refused. `why` is a literal: it never holds bytes of the request.
struct Refusal {
  int status = 400;
  std::string_view why;
};

// Incremental: call scan() with all bytes received since the last request, as often as more come;
// each byte is looked at once.
class HeadScanner {
 public:
  enum class State { NeedMore, Complete, Refused };

  State scan(std::string_view bytes);
  // After Complete: the head, from the request line to its empty line.
  std::string_view head(std::string_view bytes) const {
    return bytes.substr(start_, end_ - start_);
  }
  size_t end() const { return end_; }
  const Refusal& refusal() const { return refusal_; }
  void reset() { *this = HeadScanner(); }

 private:
  State scanLine(std::string_view bytes, size_t line_feed);
  State refuse(int status, std::string_view why);
  bool tooLong(size_t line_end);

  size_t start_ = 0;  // after the one empty line a client may send first (RFC 9112 §2.2)
  size_t end_ = 0;    // of the head, once complete
  size_t line_start_ = 0;
  size_t position_ = 0;  // first byte not looked at
  size_t lines_ = 0;
  Refusal refusal_;
};

struct RequestHead {
  HttpRequest request;  // body empty
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  uint64_t content_length = 0;  // 0 if there is none

  bool hasBody() const { return chunked || content_length > 0; }
};

// `head` is what HeadScanner found. Fills `out`, or says why not.
std::optional<Refusal> parseHead(std::string_view head, RequestHead& out);

}  // namespace junctor::net
