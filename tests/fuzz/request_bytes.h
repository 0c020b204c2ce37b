#pragma once
// Reads a byte stream as requests, the way a connection does, and writes down what it saw. The
// fuzzer and a unit test hold two streams against each other: where the bytes are cut must not
// matter.
#include <string>
#include <string_view>

#include "net/body_reader.h"
#include "net/request_head.h"

namespace junctor::testing {

class RequestBytes {
 public:
  // Bytes as they come from a socket. Nothing happens after a refusal.
  void feed(std::string_view bytes) {
    input_.append(bytes);
    while (!refused_ && step()) {
    }
  }
  // One line a request or refusal. "POST /x 5 bytes: hello" or "400 bare LF".
  const std::string& seen() const { return seen_; }
  bool refused() const { return refused_; }

 private:
  static constexpr size_t kBodyMax = 4096;

  bool step() { return in_body_ ? readBody() : readHead(); }

  bool readHead() {
    if (input_.empty()) return false;
    const auto state = scanner_.scan(input_);
    if (state == net::HeadScanner::State::NeedMore) return false;
    if (state == net::HeadScanner::State::Refused) return refuse(scanner_.refusal());
    head_ = {};
    const auto refusal = net::parseHead(scanner_.head(input_), head_);
    if (refusal) return refuse(*refusal);
    input_.erase(0, scanner_.end());
    scanner_.reset();
    if (head_.content_length > kBodyMax) return refuse({413, "body over its limit"});
    reader_ = head_.chunked ? net::BodyReader::chunked(kBodyMax)
                            : net::BodyReader::fixed(head_.content_length);
    in_body_ = true;
    return true;
  }

  bool readBody() {
    size_t used = 0;
    const auto state = reader_.read(input_, used, head_.request.body);
    if (used > input_.size() || head_.request.body.size() > kBodyMax) __builtin_trap();
    input_.erase(0, used);
    if (state == net::BodyReader::State::NeedMore) return false;
    if (state == net::BodyReader::State::Refused) return refuse(reader_.refusal());
    const net::HttpRequest& request = head_.request;
    seen_ += request.method + " " + request.target + " " + request.host + " " +
             std::to_string(request.headers.size()) + " fields: " + request.body + "\n";
    in_body_ = false;
    return true;
  }

  bool refuse(const net::Refusal& refusal) {
    refused_ = true;
    seen_ += std::to_string(refusal.status) + "\n";
    return false;
  }

  std::string input_;
  std::string seen_;
  net::HeadScanner scanner_;
  net::RequestHead head_;
  net::BodyReader reader_ = net::BodyReader::fixed(0);
  bool in_body_ = false;
  bool refused_ = false;
};

}  // namespace junctor::testing
