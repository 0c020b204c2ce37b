#pragma once
// ResponseReader: the answer to one request; bytes in, outcome out. No sockets, no time. Strict
// where a lax reader would take a cut or ambiguous answer for a whole one (RFC 9112 §4-§8).
#include <optional>
#include <string>
#include <string_view>

#include "net/body_reader.h"
#include "net/http_client.h"

namespace junctor::net {

class ResponseReader {
 public:
  enum class State { NeedMore, Done, Failed };

  // Ready for the next answer. `head_request`: the answer to HEAD has no body, whatever it says.
  void reset(bool head_request, size_t body_bytes_max);

  State read(std::string_view bytes);
  // The connection has ended in order: Done if that ends the answer.
  State end();
  // It ended by a reset or the like, which ends no answer.
  State cutOff();

  bool begun() const { return begun_; }           // a byte was read
  bool keepAlive() const { return keep_alive_; }  // after Done: the connection may be used again
  OutboundResponse& response() { return response_; }
  const Error& error() const { return error_; }  // after Failed

 private:
  enum class Body { None, Framed, UntilClose };

  State readHead(std::string_view& bytes);
  State readBody(std::string_view bytes);
  State parseHead(std::string_view head);
  bool parseStatusLine(std::string_view line);
  bool parseField(std::string_view line);
  State chooseFraming();
  State fail(ErrorCode code, std::string_view why);
  State broken(std::string_view why) { return fail(ErrorCode::DataLoss, why); }

  bool head_request_ = false;
  size_t body_bytes_max_ = 0;
  bool begun_ = false;
  bool head_done_ = false;
  bool keep_alive_ = false;
  size_t head_bytes_ = 0;  // of all heads: a flood of interim answers ends as well
  std::string head_;       // only while a head arrives in pieces
  Body body_ = Body::None;
  BodyReader body_reader_;
  OutboundResponse response_;
  Error error_;
};

}  // namespace junctor::net
