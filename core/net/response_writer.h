#pragma once
// An HttpResponse as bytes. Framing headers are the server's alone; a name or value that could
// break out of its line makes the whole response unfit.
#include <cstdint>
#include <optional>
#include <string>

#include "net/http_message.h"

namespace junctor::net {

struct ResponseFraming {
  bool head_only = false;  // answer to HEAD
  bool http_1_0 = false;   // the client must be told that the connection stays
  bool close = false;
};

// nullopt: a header holds a line break or another control byte, or the status is not 200..599.
std::optional<std::string> writeResponse(const HttpResponse& response,
                                         const ResponseFraming& framing, std::string_view date);

// The Date header's value, made once a second.
class DateText {
 public:
  const std::string& at(int64_t unix_ms);

 private:
  int64_t second_ = -1;
  std::string text_;
};

}  // namespace junctor::net
