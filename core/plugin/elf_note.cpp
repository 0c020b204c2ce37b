#include "plugin/elf_note.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "plugin/elf_head.h"

namespace junctor::plugin {
namespace {

constexpr std::string_view kOwner("Junctor", 8);  // with its NUL
constexpr uint32_t kNoteType = 0x4A4E0001;
constexpr size_t kNoteSegmentBytesMax = limits::kManifestBytesMax + 64 * 1024;

// A regular file read by position.
class ElfFile {
 public:
  static Result<ElfFile> open(const std::string& path) {
    ElfFile file;
    file.descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file.descriptor_ < 0) return notFound(fmt::format("cannot be read: {}", strerror(errno)));
    struct stat info{};
    if (fstat(file.descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) {
      return invalidArgument("is not a regular file");
    }
    file.size_ = static_cast<uint64_t>(info.st_size);
    return file;
  }
  ElfFile(ElfFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}
  ElfFile& operator=(ElfFile&&) = delete;
  ~ElfFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  // Exactly `size` bytes at `offset`, or none.
  std::optional<std::string> read(uint64_t offset, uint64_t size) const {
    if (offset > size_ || size > size_ - offset) return std::nullopt;
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      const ssize_t got =
          pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
      if (got <= 0) return std::nullopt;
      done += static_cast<size_t>(got);
    }
    return bytes;
  }

 private:
  ElfFile() = default;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

template <class T>
T load(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// Appends the descriptor of each of our notes in one PT_NOTE segment.
Result<void> scanNotes(std::string_view segment, size_t alignment,
                       std::vector<std::string>& found) {
  const auto padded = [alignment](uint64_t size) {
    return (size + alignment - 1) & ~(alignment - 1);
  };
  size_t at = 0;
  while (segment.size() - at >= sizeof(Elf64_Nhdr)) {
    const auto note = load<Elf64_Nhdr>(segment, at);
    at += sizeof(Elf64_Nhdr);
    const uint64_t name_space = padded(note.n_namesz);
    const uint64_t left = segment.size() - at;
    if (name_space > left || note.n_descsz > left - name_space) {
      return invalidArgument("has a note that runs past its segment");
    }
    const bool ours = note.n_type == kNoteType && segment.substr(at, note.n_namesz) == kOwner;
    if (ours) found.emplace_back(segment.substr(at + name_space, note.n_descsz));
    at += name_space + std::min(padded(note.n_descsz), left - name_space);
  }
  return {};
}

Result<std::vector<std::string>> collectNotes(const ElfFile& file, const ElfHead& head) {
  std::vector<std::string> found;
  for (const Elf64_Phdr& segment : head.segments) {
    if (segment.p_type != PT_NOTE) continue;
    if (segment.p_filesz > kNoteSegmentBytesMax) {
      return invalidArgument("has a note segment over 1 MiB");
    }
    const auto notes = file.read(segment.p_offset, segment.p_filesz);
    if (!notes) return invalidArgument("has a note segment past the end of the file");
    JUNCTOR_CHECK(scanNotes(*notes, segment.p_align == 8 ? 8 : 4, found));
  }
  return found;
}

}  // namespace

Result<std::string> readManifestNote(const std::string& path) {
  JUNCTOR_TRY(const ElfFile file, ElfFile::open(path));
  JUNCTOR_TRY(const ElfHead head,
              readElfHead([&](uint64_t offset, uint64_t size) { return file.read(offset, size); }));
  JUNCTOR_TRY(std::vector<std::string> found, collectNotes(file, head));
  if (found.empty()) return invalidArgument("has no Junctor note: it is not a connector");
  if (found.size() > 1) return invalidArgument("has more than one Junctor note");
  if (found[0].size() > limits::kManifestBytesMax) {
    return invalidArgument("has a manifest over 1 MiB");
  }
  if (!validUtf8(found[0])) return invalidArgument("has a manifest that is not UTF-8");
  return std::move(found[0]);
}

}  // namespace junctor::plugin
