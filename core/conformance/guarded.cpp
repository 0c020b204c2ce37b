#include "conformance/guarded.h"

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>

namespace junctor::conformance {
namespace {

constexpr size_t kPoolBytes = 64 * 1024 * 1024;
constexpr size_t kPiecesMax = 4'096;
constexpr size_t kPoolsMax = 256;
constexpr size_t kEndedPoolsKept = 16;

std::array<std::atomic<const GuardedPool*>, kPoolsMax> g_pools;

size_t pageSize() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

GuardedPool::GuardedPool() {
  void* made =
      mmap(nullptr, kPoolBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  base_ = made == MAP_FAILED ? nullptr : static_cast<char*>(made);
  pieces_.reserve(kPiecesMax);
  for (auto& slot : g_pools) {
    const GuardedPool* free = nullptr;
    if (slot.compare_exchange_strong(free, this)) break;
  }
}

GuardedPool::~GuardedPool() {
  for (auto& slot : g_pools) {
    const GuardedPool* mine = this;
    if (slot.compare_exchange_strong(mine, nullptr)) break;
  }
  if (base_) munmap(base_, kPoolBytes);
}

// Pages for `size` bytes that end where the guard page begins.
char* GuardedPool::carve(size_t size, size_t align, const char* label, char** pages,
                         size_t* pages_size) {
  const size_t page = pageSize();
  if (!base_ || align == 0 || align > page || (align & (align - 1)) != 0) return nullptr;
  if (size > kPoolBytes || pieces_.size() == kPiecesMax) return nullptr;
  const size_t whole = (size + page - 1) / page * page;
  if (whole + page > kPoolBytes - used_) return nullptr;
  *pages = base_ + used_;
  *pages_size = whole;
  used_ += whole + page;
  const auto end = reinterpret_cast<uintptr_t>(*pages) + whole;
  const uintptr_t start = (end - size) & ~(align - 1);
  pieces_.push_back({start, start + size, reinterpret_cast<uintptr_t>(*pages), label});
  count_.store(pieces_.size(), std::memory_order_release);
  if (whole > 0 && mprotect(*pages, whole, PROT_READ | PROT_WRITE) != 0) return nullptr;
  if (whole > 0) std::memset(*pages, kPoison, whole);
  return reinterpret_cast<char*>(start);
}

const void* GuardedPool::put(const void* bytes, size_t size, size_t align, const char* label) {
  char* pages = nullptr;
  size_t pages_size = 0;
  char* place = carve(size, align, label, &pages, &pages_size);
  if (!place) {  // no guard for what does not fit, but the same contents
    overflow_.push_back(std::make_unique<char[]>(size + align));
    const auto at = reinterpret_cast<uintptr_t>(overflow_.back().get());
    place = reinterpret_cast<char*>((at + align - 1) & ~(align - 1));
    if (size > 0) std::memcpy(place, bytes, size);
    return place;
  }
  if (size > 0) std::memcpy(place, bytes, size);
  if (pages_size > 0) mprotect(pages, pages_size, PROT_READ);
  return place;
}

void* GuardedPool::writable(size_t size, size_t align, const char* label) {
  char* pages = nullptr;
  size_t pages_size = 0;
  return carve(size, align, label, &pages, &pages_size);
}

void GuardedPool::expire() {
  expired_.store(true, std::memory_order_release);
  if (!base_) return;
  madvise(base_, kPoolBytes, MADV_DONTNEED);
  mprotect(base_, kPoolBytes, PROT_NONE);
}

bool GuardedPool::find(uintptr_t address, Hit& hit) {
  for (const auto& slot : g_pools) {
    const GuardedPool* pool = slot.load(std::memory_order_acquire);
    if (!pool) continue;
    const auto base = reinterpret_cast<uintptr_t>(pool->base_);
    if (address < base || address >= base + kPoolBytes) continue;
    const size_t count = pool->count_.load(std::memory_order_acquire);
    for (size_t i = count; i-- > 0;) {
      const Piece& piece = pool->pieces_[i];
      if (address < piece.pages_start) continue;
      hit.label = piece.label;
      hit.where = pool->expired_.load()   ? Where::Expired
                  : address >= piece.end  ? Where::Behind
                  : address < piece.start ? Where::Before
                                          : Where::Inside;
      return true;
    }
  }
  return false;
}

void bury(std::unique_ptr<GuardedPool> pool) {
  static std::mutex mutex;
  static std::deque<std::unique_ptr<GuardedPool>> ended;
  pool->expire();
  std::lock_guard lock(mutex);
  ended.push_back(std::move(pool));
  if (ended.size() > kEndedPoolsKept) ended.pop_front();
}

bool copyFrom(const void* address, size_t size, void* to) {
  if (size == 0) return true;
  if (!address) return false;
  const iovec local{to, size};
  const iovec remote{const_cast<void*>(address), size};
  const ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
  if (got == static_cast<ssize_t>(size)) return true;
  if (got >= 0 || errno == EFAULT) return false;
  std::memcpy(to, address, size);  // no such call here: a bad pointer then is a reported crash
  return true;
}

}  // namespace junctor::conformance
