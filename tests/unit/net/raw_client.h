#pragma once
// A client that sends exactly the bytes a test gives it, and reads answers one by one.
#include <optional>
#include <string>
#include <string_view>

namespace junctor::testing {

struct RawResponse {
  int status = 0;
  std::string head;  // up to and with the empty line
  std::string body;

  std::string header(std::string_view name) const;  // "" if absent
};

class RawClient {
 public:
  explicit RawClient(uint16_t port, int receive_buffer_bytes = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool send(std::string_view bytes);  // false: the server has closed
  void endSending();
  // The next answer, or nothing if the server closed first. `to_head`: the answer has no body.
  std::optional<RawResponse> receive(bool to_head = false);
  // True once the server has ended its side and nothing is left to read.
  bool closedByServer();
  // Bytes that came beyond the answers read so far.
  const std::string& rest() const { return received_; }

 private:
  bool fill();

  int descriptor_ = -1;
  bool ended_ = false;
  std::string received_;
};

}  // namespace junctor::testing
