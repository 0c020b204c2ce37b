#include "plugin/elf_head.h"

#include <cstring>

namespace junctor::plugin {
namespace {

constexpr size_t kSegmentsMax = 256;
#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#else
#error "add this machine's ELF number"
#endif

template <class T>
std::optional<T> load(const ReadAt& read, uint64_t offset) {
  const auto bytes = read(offset, sizeof(T));
  if (!bytes) return std::nullopt;
  T value;
  std::memcpy(&value, bytes->data(), sizeof(T));
  return value;
}

}  // namespace

Result<ElfHead> readElfHead(const ReadAt& read) {
  const auto header = load<Elf64_Ehdr>(read, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return invalidArgument("is not an ELF file");
  }
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB) {
    return invalidArgument("is not a 64-bit little-endian file");
  }
  if (header->e_type != ET_DYN) return invalidArgument("is not a shared object");
  if (header->e_machine != kMachine) return invalidArgument("is built for another machine");
  const Error damaged = invalidArgument("has a damaged program header table");
  if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum > kSegmentsMax) return damaged;
  ElfHead head{*header, {}};
  for (uint64_t i = 0; i < header->e_phnum; ++i) {
    const uint64_t place = header->e_phoff + i * sizeof(Elf64_Phdr);
    const auto segment = place < header->e_phoff ? std::nullopt : load<Elf64_Phdr>(read, place);
    if (!segment) return damaged;
    head.segments.push_back(*segment);
  }
  return head;
}

}  // namespace junctor::plugin
