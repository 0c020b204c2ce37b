#pragma once
// Guarded memory: every block ends at a page that cannot be touched, and is taken away when the
// call it belongs to ends. What a connector does to it anyway is named by crash_report.cpp.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace junctor::conformance {

constexpr int kPoison = 0xA5;  // what memory holds before anyone wrote to it

class GuardedPool {
 public:
  GuardedPool();
  ~GuardedPool();
  GuardedPool(const GuardedPool&) = delete;
  GuardedPool& operator=(const GuardedPool&) = delete;

  // A read-only copy that ends at a guard page (up to `align` - 1 bytes before it). `label` is
  // static text and names the block in crash reports.
  const void* put(const void* bytes, size_t size, size_t align, const char* label);
  const char* putText(std::string_view text, const char* label) {
    return static_cast<const char*>(put(text.data(), text.size(), 1, label));
  }
  template <class T>
  const T* putObject(const T& object, const char* label) {
    return static_cast<const T*>(put(&object, sizeof(T), alignof(T), label));
  }
  // Writable memory filled with a poison pattern; nullptr if the pool is full.
  void* writable(size_t size, size_t align, const char* label);

  // From now on every access is a crash that says "after its call ended".
  void expire();

  // Is it one of ours? Signal-safe. The label, and how the address lies to the block.
  enum class Where { Inside, Behind, Before, Expired };
  struct Hit {
    const char* label = nullptr;
    Where where = Where::Inside;
  };
  static bool find(uintptr_t address, Hit& hit);

 private:
  struct Piece {
    uintptr_t start, end, pages_start;
    const char* label;
  };
  char* carve(size_t size, size_t align, const char* label, char** pages, size_t* pages_size);

  char* base_ = nullptr;
  size_t used_ = 0;
  std::vector<Piece> pieces_;  // never reallocated: read by the signal handler
  std::atomic<size_t> count_{0};
  std::atomic<bool> expired_{false};
  std::vector<std::unique_ptr<char[]>> overflow_;
};

// Ends a pool whose call is over: its memory stays reserved for a while, so that whoever still uses
// it is told by name.
void bury(std::unique_ptr<GuardedPool> pool);

// Copies memory that somebody else points at; false if it cannot be read.
bool copyFrom(const void* address, size_t size, void* to);

}  // namespace junctor::conformance
