#include "conformance/elf_image.h"

#include <elf.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "base/files.h"
#include "plugin/elf_head.h"

namespace junctor::conformance {
namespace {

constexpr size_t kFileBytesMax = 256 * 1024 * 1024;
constexpr size_t kEntriesMax = 1'000'000;

Error damaged(std::string_view what) {
  return invalidArgument(fmt::format("has a damaged {}", what));
}

}  // namespace

struct ElfImage::Reader {
  std::string bytes;
  plugin::ElfHead head;
  std::map<Elf64_Sxword, std::vector<uint64_t>> dynamic;

  template <class T>
  std::optional<T> at(uint64_t offset) const {
    if (offset > bytes.size() || sizeof(T) > bytes.size() - offset) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
  }
  // NUL-terminated text at an offset of the file.
  std::string text(uint64_t offset) const {
    if (offset >= bytes.size()) return {};
    const size_t end = bytes.find('\0', offset);
    return end == std::string::npos ? std::string() : bytes.substr(offset, end - offset);
  }
  // Where an address of the loaded image stands in the file.
  std::optional<uint64_t> offsetOf(uint64_t address) const {
    for (const Elf64_Phdr& s : head.segments) {
      if (s.p_type != PT_LOAD || address < s.p_vaddr || address - s.p_vaddr >= s.p_filesz) continue;
      return s.p_offset + (address - s.p_vaddr);
    }
    return std::nullopt;
  }
  std::optional<uint64_t> first(Elf64_Sxword tag) const {
    const auto found = dynamic.find(tag);
    if (found == dynamic.end() || found->second.empty()) return std::nullopt;
    return found->second.front();
  }
  std::optional<uint64_t> place(Elf64_Sxword tag) const {
    const auto address = first(tag);
    return address ? offsetOf(*address) : std::nullopt;
  }

  Result<void> readDynamic();
  size_t symbolCount() const;
  size_t gnuHashCount(uint64_t table) const;
  std::map<uint16_t, std::string> readVersions(std::set<std::string>& needed) const;
};

Result<void> ElfImage::Reader::readDynamic() {
  for (const Elf64_Phdr& segment : head.segments) {
    if (segment.p_type != PT_DYNAMIC) continue;
    for (uint64_t done = 0; done + sizeof(Elf64_Dyn) <= segment.p_filesz;
         done += sizeof(Elf64_Dyn)) {
      const auto entry = at<Elf64_Dyn>(segment.p_offset + done);
      if (!entry) return damaged("dynamic section");
      if (entry->d_tag == DT_NULL) return {};
      dynamic[entry->d_tag].push_back(entry->d_un.d_val);
    }
  }
  return dynamic.empty() ? Result<void>(damaged("dynamic section")) : Result<void>();
}

// The hash tables are the only place that says how many symbols there are.
size_t ElfImage::Reader::symbolCount() const {
  if (const auto table = place(DT_HASH)) {
    if (const auto count = at<uint32_t>(*table + 4)) return std::min<size_t>(*count, kEntriesMax);
  }
  const auto table = place(DT_GNU_HASH);
  return table ? gnuHashCount(*table) : 0;
}

size_t ElfImage::Reader::gnuHashCount(uint64_t table) const {
  const auto buckets = at<uint32_t>(table);
  const auto first_symbol = at<uint32_t>(table + 4);
  const auto bloom = at<uint32_t>(table + 8);
  if (!buckets || !first_symbol || !bloom) return 0;
  const uint64_t bucket_place = table + 16 + uint64_t{*bloom} * 8;
  const uint64_t chain_place = bucket_place + uint64_t{*buckets} * 4;
  uint32_t last = 0;
  for (uint64_t i = 0; i < *buckets && i < kEntriesMax; ++i) {
    last = std::max(last, at<uint32_t>(bucket_place + i * 4).value_or(0));
  }
  if (last < *first_symbol) return *first_symbol;
  for (size_t steps = 0; steps < kEntriesMax; ++steps, ++last) {
    const auto chain = at<uint32_t>(chain_place + (uint64_t{last} - *first_symbol) * 4);
    if (!chain) return 0;
    if (*chain & 1) return size_t{last} + 1;
  }
  return 0;
}

std::map<uint16_t, std::string> ElfImage::Reader::readVersions(
    std::set<std::string>& needed) const {
  std::map<uint16_t, std::string> names;
  const auto strings = place(DT_STRTAB);
  const auto table = place(DT_VERNEED);
  const uint64_t files = first(DT_VERNEEDNUM).value_or(0);
  if (!strings || !table) return names;
  uint64_t at_file = *table;
  for (uint64_t i = 0; i < files && i < kEntriesMax; ++i) {
    const auto file = at<Elf64_Verneed>(at_file);
    if (!file) return names;
    uint64_t at_version = at_file + file->vn_aux;
    for (unsigned k = 0; k < file->vn_cnt; ++k) {
      const auto version = at<Elf64_Vernaux>(at_version);
      if (!version) return names;
      const std::string name = text(*strings + version->vna_name);
      names[version->vna_other & 0x7fff] = name;
      needed.insert(name);
      if (version->vna_next == 0) break;
      at_version += version->vna_next;
    }
    if (file->vn_next == 0) break;
    at_file += file->vn_next;
  }
  return names;
}

Result<ElfImage> ElfImage::open(const std::string& path) {
  Reader in;
  JUNCTOR_TRY(in.bytes, readFile(path, kFileBytesMax));
  JUNCTOR_TRY(in.head, plugin::readElfHead([&](uint64_t offset, uint64_t size) {
                const bool there = offset <= in.bytes.size() && size <= in.bytes.size() - offset;
                return there ? std::optional(in.bytes.substr(offset, size)) : std::nullopt;
              }));
  JUNCTOR_CHECK(in.readDynamic());
  ElfImage out;
  for (const Elf64_Phdr& s : in.head.segments) {
    if (s.p_type == PT_GNU_RELRO) out.relro_ = true;
    if (s.p_type == PT_GNU_STACK) out.executable_stack_ = (s.p_flags & PF_X) != 0;
  }
  const uint64_t flags = in.first(DT_FLAGS).value_or(0);
  out.text_relocations_ = in.first(DT_TEXTREL).has_value() || (flags & DF_TEXTREL);
  out.binds_now_ = in.first(DT_BIND_NOW).has_value() || (flags & DF_BIND_NOW) ||
                   (in.first(DT_FLAGS_1).value_or(0) & DF_1_NOW);
  out.static_tls_ = (flags & DF_STATIC_TLS) != 0;
  const uint64_t strings = in.place(DT_STRTAB).value_or(in.bytes.size());
  for (const auto& [tag, values] : in.dynamic) {
    for (const uint64_t value : values) {
      if (tag == DT_NEEDED) out.needed_.push_back(in.text(strings + value));
      if (tag == DT_RPATH || tag == DT_RUNPATH) out.run_paths_.push_back(in.text(strings + value));
    }
  }
  const auto versions = in.readVersions(out.versions_);
  const auto symbols = in.place(DT_SYMTAB);
  const auto version_table = in.place(DT_VERSYM);
  const size_t count = symbols ? in.symbolCount() : 0;
  for (size_t i = 1; i < count; ++i) {
    const auto symbol = in.at<Elf64_Sym>(*symbols + i * sizeof(Elf64_Sym));
    if (!symbol) return damaged("symbol table");
    const unsigned binding = ELF64_ST_BIND(symbol->st_info);
    ElfSymbol made;
    made.name = in.text(strings + symbol->st_name);
    made.defined = symbol->st_shndx != SHN_UNDEF;
    made.weak = binding == STB_WEAK;
    made.unique = binding == STB_GNU_UNIQUE;
    made.local = binding == STB_LOCAL;
    if (version_table) {
      const auto index = in.at<uint16_t>(*version_table + i * 2).value_or(0);
      const auto name = versions.find(index & 0x7fff);
      if (name != versions.end()) made.version = name->second;
    }
    out.symbols_.push_back(std::move(made));
  }
  const auto names = in.at<Elf64_Shdr>(in.head.header.e_shoff +
                                       uint64_t{in.head.header.e_shstrndx} * sizeof(Elf64_Shdr));
  for (uint64_t i = 0; names && i < in.head.header.e_shnum; ++i) {
    const auto section = in.at<Elf64_Shdr>(in.head.header.e_shoff + i * sizeof(Elf64_Shdr));
    if (section) out.sections_.insert(in.text(names->sh_offset + section->sh_name));
  }
  return out;
}

}  // namespace junctor::conformance
