#pragma once
// ElfImage: what a shared object says of itself, read without running it. The file is hostile:
// every offset is checked.
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace junctor::conformance {

struct ElfSymbol {
  std::string name, version;
  bool defined = false, weak = false, unique = false, local = false;
};

class ElfImage {
 public:
  // InvalidArgument: not a 64-bit little-endian shared object of this machine, or damaged.
  static Result<ElfImage> open(const std::string& path);

  const std::vector<ElfSymbol>& symbols() const { return symbols_; }  // of .dynsym
  const std::vector<std::string>& needed() const { return needed_; }
  const std::vector<std::string>& runPaths() const { return run_paths_; }
  const std::set<std::string>& sections() const { return sections_; }
  // "GLIBC_2.34" and its like that the file asks for.
  const std::set<std::string>& versionsNeeded() const { return versions_; }
  bool textRelocations() const { return text_relocations_; }
  bool bindsNow() const { return binds_now_; }
  bool staticTls() const { return static_tls_; }
  bool relro() const { return relro_; }
  bool executableStack() const { return executable_stack_; }

 private:
  struct Reader;
  std::vector<ElfSymbol> symbols_;
  std::vector<std::string> needed_, run_paths_;
  std::set<std::string> sections_, versions_;
  bool text_relocations_ = false, binds_now_ = false, static_tls_ = false;
  bool relro_ = false, executable_stack_ = true;  // no GNU_STACK header means executable
};

}  // namespace junctor::conformance
