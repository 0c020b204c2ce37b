#include "isolation/shared_room.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/limits.h"

namespace junctor::isolation {
namespace {

constexpr size_t kRoomHead = 64;
constexpr size_t kRoomSize = kRoomHead + 2 * limits::kRuleRoomBytes;
static_assert(std::atomic<uint64_t>::is_always_lock_free);

char* mapRoom(int file) {
  void* memory = ::mmap(nullptr, kRoomSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

}  // namespace

SharedRoom::~SharedRoom() {
  if (memory_) ::munmap(memory_, kRoomSize);
}

// Sealed: nobody can make it shorter, so that no access to it can fault.
Result<SharedRoom> SharedRoom::make(Descriptor& file) {
  file = Descriptor(::memfd_create("junctor-rules", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const bool sized =
      file.valid() && ::ftruncate(file.get(), kRoomSize) == 0 &&
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
  char* memory = sized ? mapRoom(file.get()) : nullptr;
  if (!memory) return unavailable("no shared memory for a rule worker");
  return SharedRoom(memory);
}

SharedRoom SharedRoom::open(int file) {
  struct stat info{};
  const bool whole = ::fstat(file, &info) == 0 && info.st_size == static_cast<off_t>(kRoomSize);
  return SharedRoom(whole ? mapRoom(file) : nullptr);
}

std::span<char> SharedRoom::in() {
  return {memory_ + kRoomHead, limits::kRuleRoomBytes};
}

std::span<char> SharedRoom::out() {
  return {memory_ + kRoomHead + limits::kRuleRoomBytes, limits::kRuleRoomBytes};
}

}  // namespace junctor::isolation
