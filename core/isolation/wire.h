#pragma once
// The wire between the host and a runner child: frames over a SOCK_SEQPACKET pair. Private: both
// ends are of the same build, the first frame checks that. The child is hostile: every length is
// checked, and whatever does not fit ends the connection.
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/result.h"

namespace junctor::isolation {

enum class FrameKind : uint16_t {
  // parent to child
  Load = 1,  // the connector's file comes along as a descriptor
  Create,
  Destroy,
  Call,    // one method of an instance
  Answer,  // to an Ask
  Board,   // memory that both see comes along: see Board
  Room,    // instead, to a worker of rules: memory for events comes along, see SharedRoom
  // child to parent
  Locked = 32,  // the sandbox stands, no code of the connector has run
  Loaded,
  Created,
  Done,  // of a Call
  Ask,   // a service that only the parent has
  Log,
};

// Names this build and this wire, for Load and Locked.
std::string_view wireName();

struct Frame {
  FrameKind kind{};
  uint64_t call = 0;
  std::string payload;
  Descriptor file;  // of a Load
};

// Fixed-width little-endian values and (length, bytes) texts. The wire stays on one machine, so its
// byte order is the machine's, which must be little-endian.
class Packer {
 public:
  Packer& u8(uint8_t value) { return raw(&value, sizeof value); }
  Packer& u32(uint32_t value) { return raw(&value, sizeof value); }
  Packer& u64(uint64_t value) { return raw(&value, sizeof value); }
  Packer& i64(int64_t value) { return raw(&value, sizeof value); }
  Packer& text(std::string_view value) {
    u64(value.size());
    return raw(value.data(), value.size());
  }
  std::string take() { return std::move(out_); }
  void reserve(size_t bytes) { out_.reserve(bytes); }
  size_t size() const { return out_.size(); }

 private:
  Packer& raw(const void* bytes, size_t size) {
    out_.append(static_cast<const char*>(bytes), size);
    return *this;
  }
  std::string out_;
};

// Reads what a Packer wrote. Reading past the end gives zeros and empty texts and makes ok() false.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
  uint8_t u8() { return value<uint8_t>(); }
  uint32_t u32() { return value<uint32_t>(); }
  uint64_t u64() { return value<uint64_t>(); }
  int64_t i64() { return value<int64_t>(); }
  std::string_view text();
  std::string string() { return std::string(text()); }
  // A count of items that take at least `bytes_each`; 0 and not ok if they cannot be there.
  size_t count(size_t bytes_each);
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  template <class T>
  T value() {
    T out{};
    if (!take(&out, sizeof out)) ok_ = false;
    return out;
  }
  bool take(void* out, size_t size);

  std::string_view rest_;
  bool ok_ = true;
};

// One end of the pair. Any number of senders, one receiver at a time.
class Channel {
 public:
  enum class Sent { Yes, Full, Closed };
  enum class Received { Yes, Empty, Closed, Broken };

  explicit Channel(Descriptor socket);
  // A connected pair: (parent's, child's), both close-on-exec.
  static Result<std::pair<Descriptor, Descriptor>> pair();

  // Does not block unless `wait`. Payloads above limits::kFrameInlineBytesMax travel as sealed
  // memory. Full: there is no room now. `file` >= 0 goes along.
  Sent send(FrameKind kind, uint64_t call, std::string_view payload, bool wait = false,
            int file = -1);
  // Broken: the other end does not keep to the wire.
  Received receive(Frame& out, bool wait = false);
  int fd() const { return socket_.get(); }

 private:
  Received readPacket(size_t size, int* files, size_t files_count, Frame& out);

  Descriptor socket_;
  std::string buffer_;
};

// Board: one flag that the parent sets and the child sees at once, in memory that both map.
class Board {
 public:
  Board() = default;
  Board(Board&& other) noexcept : flag_(std::exchange(other.flag_, nullptr)) {}
  Board& operator=(Board&&) = delete;
  ~Board();
  // The parent's; `file` is for the child.
  static Result<Board> make(Descriptor& file);
  // The child's: it can only read. flag() is null if that is no board.
  static Board open(int file);
  std::atomic<bool>* flag() const { return flag_; }

 private:
  explicit Board(std::atomic<bool>* flag) : flag_(flag) {}
  std::atomic<bool>* flag_ = nullptr;
};

// The bytes in memory that nobody can change any more; not valid() where the system refuses.
Descriptor sealedMemory(std::string_view payload);

}  // namespace junctor::isolation
