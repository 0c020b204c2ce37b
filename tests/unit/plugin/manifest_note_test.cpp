// The manifest note in files nobody vouches for.
#include "base/random.h"
#include "support/temp_folder.h"
#include "unit/plugin/elf_builder.h"
#include "unit/plugin/plugin_house.h"

namespace junctor::testing {
namespace {

constexpr uint32_t kType = 0x4A4E0001;

struct NoteFile {
  TempFolder folder;
  std::string path = folder.path() + "/x.so";

  std::string refusal(const std::string& bytes) {
    folder.write("x.so", bytes);
    const auto manifest = plugin::readManifest(path);
    REQUIRE_FALSE(manifest);
    return manifest.error().message;
  }
};

template <class T>
std::string patched(std::string bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}

}  // namespace

TEST_CASE("files that are no shared object of this machine are refused by what they are") {
  NoteFile file;
  const std::string good = elfWithNote("{}");
  CHECK(file.refusal("") == "is not an ELF file");
  CHECK(file.refusal("#!/bin/sh\n") == "is not an ELF file");
  CHECK(file.refusal(good.substr(0, 63)) == "is not an ELF file");
  CHECK(file.refusal(patched(good, EI_CLASS, uint8_t{ELFCLASS32})).starts_with("is not a 64-bit"));
  CHECK(file.refusal(patched(good, 18, uint16_t{EM_PPC64})) == "is built for another machine");
  CHECK(file.refusal(patched(good, 16, uint16_t{ET_EXEC})) == "is not a shared object");
  CHECK(plugin::readManifest(file.folder.path()).error().message == "is not a regular file");
  CHECK(plugin::readManifest("/nonexistent.so").error().code == ErrorCode::NotFound);
}

TEST_CASE("tables and segments that point outside the file are refused") {
  NoteFile file;
  const std::string good = elfWithNote("{}");
  const char* table = "has a damaged program header table";
  CHECK(file.refusal(patched(good, 32, uint64_t{~0ULL})) == table);
  CHECK(file.refusal(patched(good, 32, uint64_t{~0ULL - 55})) == table);
  CHECK(file.refusal(patched(good, 54, uint16_t{55})) == table);
  CHECK(file.refusal(patched(good, 56, uint16_t{65535})) == table);
  const size_t segment = sizeof(Elf64_Ehdr);
  CHECK(file.refusal(patched(good, segment + 8, uint64_t{~0ULL})) ==
        "has a note segment past the end of the file");
  CHECK(file.refusal(patched(good, segment + 32, uint64_t{100'000})) ==
        "has a note segment past the end of the file");
  CHECK(file.refusal(patched(good, segment + 32, uint64_t{~0ULL})) ==
        "has a note segment over 1 MiB");
}

TEST_CASE("no note, two notes, a cut note, another owner: each is refused") {
  NoteFile file;
  const std::string none = "has no Junctor note: it is not a connector";
  CHECK(file.refusal(elfWithSegment("")) == none);
  CHECK(file.refusal(elfWithSegment(note("GNU", 3, "abcd"))) == none);
  CHECK(file.refusal(elfWithSegment(note("Junctor", 7, "{}"))) == none);
  CHECK(file.refusal(elfWithSegment(note("Junctar", kType, "{}"))) == none);
  const std::string one = note("Junctor", kType, "{}");
  CHECK(file.refusal(elfWithSegment(one + one)) == "has more than one Junctor note");
  const char* cut = "has a note that runs past its segment";
  CHECK(file.refusal(elfWithSegment(one.substr(0, one.size() - 4))) == cut);
  CHECK(file.refusal(elfWithSegment(patched(one, 0, uint32_t{0xffffffff}))) == cut);
  CHECK(file.refusal(elfWithSegment(patched(one, 4, uint32_t{0xfffffffd}))) == cut);
  CHECK(file.refusal(elfWithSegment(note("Junctor", kType, std::string(1'048'577, ' ')))) ==
        "has a manifest over 1 MiB");
  CHECK(file.refusal(elfWithNote("{\"id\":\"\xc3\"}")) == "has a manifest that is not UTF-8");
}

TEST_CASE("a real connector, damaged or cut anywhere, never crashes the reader") {
  // The first pages hold all that the reader looks at.
  const std::string good =
      readFile(fixtureFolder("loaded") + "/probe.so").value().substr(0, 16 * 1024);
  NoteFile file;
  SeededRandom random(42);
  size_t read = 0;
  for (int i = 0; i < 1'500; ++i) {
    std::string bytes = good;
    const bool cut = i % 5 == 0;
    if (cut) bytes.resize(random.next() % bytes.size());
    // The first kilobyte holds the tables that place everything else.
    for (int j = 0; j < 8 && bytes.size() > 1024; ++j) {
      bytes[random.next() % 1024] = static_cast<char>(random.next());
    }
    file.folder.write("x.so", bytes);
    if (plugin::readManifest(file.path)) ++read;
  }
  CHECK(read < 1'500);
}

}  // namespace junctor::testing
