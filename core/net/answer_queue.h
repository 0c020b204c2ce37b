#pragma once
// The answers a connection owes, in the order of its requests, and the bytes already due. Replies
// come in any order; what is written never does.
#include <cstdint>
#include <string>
#include <vector>

#include "net/channel.h"
#include "net/response_writer.h"

namespace junctor::net {

class AnswerQueue {
 public:
  enum class Write { Done, Blocked, Broken };

  // The next request's place. Its number is what a reply names.
  uint64_t owe(const ResponseFraming& framing);
  // An answer that is ready at once, behind those owed before it.
  void add(std::string wire, bool close);
  // The framing of an answer still awaited; null if it has come, was dropped or never asked for.
  ResponseFraming* findAwaited(uint64_t sequence);
  void fulfil(uint64_t sequence, std::string wire);
  bool isNewest(uint64_t sequence) const { return sequence + 1 == first_sequence_ + slots_.size(); }
  size_t owed() const { return slots_.size(); }

  // Writes what is due. Everything behind an answer that ends the connection is dropped.
  Write write(Channel& channel);
  bool empty() const { return slots_.empty() && output_.empty(); }
  bool ended() const { return ended_; }  // the answer that ends the connection is due or written

 private:
  struct Slot {
    ResponseFraming framing;
    bool ready = false;
    std::string wire;
  };

  void collect();

  std::vector<Slot> slots_;      // oldest first
  uint64_t first_sequence_ = 0;  // of slots_.front()
  std::string output_;           // what the socket did not take yet
  size_t written_ = 0;
  bool ended_ = false;
};

}  // namespace junctor::net
