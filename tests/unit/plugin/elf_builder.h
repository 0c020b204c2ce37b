#pragma once
// The smallest ELF files that carry notes, byte by byte, so that tests can damage them.
#include <elf.h>

#include <cstring>
#include <string>
#include <vector>

namespace junctor::testing {

inline std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + 3) & ~size_t{3});
  return bytes;
}

inline std::string note(const std::string& owner, uint32_t type, const std::string& descriptor) {
  const Elf64_Nhdr header{static_cast<uint32_t>(owner.size() + 1),
                          static_cast<uint32_t>(descriptor.size()), type};
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + padded(owner + '\0') +
         padded(descriptor);
}

// A shared object of nothing but one PT_NOTE segment.
inline std::string elfWithSegment(const std::string& segment) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
#if defined(__aarch64__)
  header.e_machine = EM_AARCH64;
#else
  header.e_machine = EM_X86_64;
#endif
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  Elf64_Phdr place{};
  place.p_type = PT_NOTE;
  place.p_offset = sizeof header + sizeof place;
  place.p_filesz = segment.size();
  place.p_align = 4;
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) +
         std::string(reinterpret_cast<const char*>(&place), sizeof place) + segment;
}

inline std::string elfWithNote(const std::string& manifest) {
  return elfWithSegment(note("Junctor", 0x4A4E0001, manifest));
}

}  // namespace junctor::testing
