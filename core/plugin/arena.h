#pragma once
// Arena: memory of one connector call. Grows in chunks up to a cap, is emptied between calls and
// keeps its first chunk.
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace junctor::plugin {

class Arena {
 public:
  // nullptr if the cap is reached or `align` is not a power of two up to 4096. size 0 is 1 byte.
  void* allocate(size_t size, size_t align);
  // A copy of the text, with a NUL behind it; nullptr as for allocate.
  const char* copy(std::string_view text);
  void clear();

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };
  void* fromChunk(size_t size, size_t align);

  std::vector<Chunk> chunks_;
  size_t used_ = 0;   // of the last chunk
  size_t total_ = 0;  // of all chunks
};

}  // namespace junctor::plugin
