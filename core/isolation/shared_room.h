#pragma once
// SharedRoom: memory that the host and one rule worker both map: events go in, what rules made of
// them comes out, and the worker says how far it is. The host writes `in`, and believes nothing it
// reads: it copies what comes out before it looks at it.
#include <atomic>
#include <cstdint>
#include <span>
#include <utility>

#include "base/descriptor.h"
#include "base/result.h"

namespace junctor::isolation {

class SharedRoom {
 public:
  SharedRoom() = default;
  SharedRoom(SharedRoom&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
  SharedRoom& operator=(SharedRoom&&) = delete;
  ~SharedRoom();

  // The host's; `file` is for the worker.
  static Result<SharedRoom> make(Descriptor& file);
  // The worker's. Not valid() if that is no room.
  static SharedRoom open(int file);

  bool valid() const { return memory_ != nullptr; }
  std::atomic<uint64_t>& progress() { return *reinterpret_cast<std::atomic<uint64_t>*>(memory_); }
  std::span<char> in();  // both are aligned to 64 bytes
  std::span<char> out();

 private:
  explicit SharedRoom(char* memory) : memory_(memory) {}
  char* memory_ = nullptr;
};

}  // namespace junctor::isolation
