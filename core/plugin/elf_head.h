#pragma once
// ElfHead: the header and the segments of a shared object of this machine, for whoever reads one
// without running it. The file is hostile: every offset is checked.
#include <elf.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace junctor::plugin {

struct ElfHead {
  Elf64_Ehdr header{};
  std::vector<Elf64_Phdr> segments;  // at most 256: a linker writes about ten
};

// Exactly `size` bytes of the file at `offset`, or none.
using ReadAt = std::function<std::optional<std::string>(uint64_t offset, uint64_t size)>;

// InvalidArgument: not a 64-bit little-endian shared object of this machine, or damaged.
Result<ElfHead> readElfHead(const ReadAt& read);

}  // namespace junctor::plugin
