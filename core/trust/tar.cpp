#include "trust/tar.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/limits.h"

namespace junctor::trust {
namespace {

constexpr size_t kBlock = 512;
using Block = std::array<char, kBlock>;

// Offsets of POSIX.1-1988's header, pax(1) "ustar Interchange Format".
constexpr size_t kModeAt = 100, kUidAt = 108, kGidAt = 116, kSizeAt = 124, kSizeBytes = 12,
                 kTimeAt = 136, kSumAt = 148, kTypeAt = 156, kMagicAt = 257, kMajorAt = 329,
                 kMinorAt = 337;

void put(Block& block, size_t at, std::string_view text) {
  std::memcpy(block.data() + at, text.data(), text.size());
}

Block headerOf(std::string_view name, size_t size) {
  Block block{};
  put(block, 0, name);
  put(block, kModeAt, "0000644");
  put(block, kUidAt, "0000000");
  put(block, kGidAt, "0000000");
  put(block, kSizeAt, fmt::format("{:011o}", size));
  put(block, kTimeAt, "00000000000");
  put(block, kSumAt, "        ");
  put(block, kTypeAt, "0");
  put(block, kMagicAt, std::string_view("ustar\00000", 8));
  put(block, kMajorAt, "0000000");
  put(block, kMinorAt, "0000000");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(block, kSumAt, std::string_view(fmt::format("{:06o}", sum) + std::string("\0 ", 2)));
  return block;
}

size_t padding(size_t size) {
  return (kBlock - size % kBlock) % kBlock;
}

bool isZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

std::optional<size_t> sizeIn(std::string_view header) {
  size_t size = 0;
  for (const char c : header.substr(kSizeAt, kSizeBytes - 1)) {
    if (c < '0' || c > '7') return std::nullopt;
    size = size * 8 + static_cast<size_t>(c - '0');
  }
  return size;
}

std::string_view nameIn(std::string_view header) {
  const std::string_view field = header.substr(0, limits::kBundleNameBytesMax);
  return field.substr(0, field.find('\0'));
}

Error cutOff() {
  return invalidArgument("is cut off, or is no bundle");
}

// One file at `at`, which moves behind it.
Result<BundleFile> readOne(std::string_view bytes, size_t& at) {
  const std::string_view header = bytes.substr(at, kBlock);
  const std::string_view name = nameIn(header);
  if (!cleanFileName(name)) {
    return invalidArgument(fmt::format("holds a file named \"{}\", which no bundle may", name));
  }
  if (header[kTypeAt] != '0') {
    return invalidArgument(fmt::format("{} is not a plain file", name));
  }
  const auto size = sizeIn(header);
  const Block expected = headerOf(name, size.value_or(0));
  if (!size || header != std::string_view(expected.data(), kBlock)) {
    return invalidArgument(
        fmt::format("{} is not stored as junctor connector pack stores it", name));
  }
  at += kBlock;
  if (*size > bytes.size() - at || padding(*size) > bytes.size() - at - *size) return cutOff();
  BundleFile file{std::string(name), std::string(bytes.substr(at, *size))};
  at += *size;
  if (!isZero(bytes.substr(at, padding(*size)))) {
    return invalidArgument(fmt::format("hides bytes behind {}", name));
  }
  at += padding(*size);
  return file;
}

}  // namespace

bool cleanFileName(std::string_view name) {
  if (name.empty() || name.size() > limits::kBundleNameBytesMax) return false;
  char before = '/';
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool legal = letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
    const bool inside = before != '/' && (c == '.' || c == '/');
    if (!legal && !inside) return false;
    before = c;
  }
  return before != '/';
}

std::string writeTar(const std::vector<BundleFile>& files) {
  std::string out;
  for (const BundleFile& file : files) {
    const Block header = headerOf(file.name, file.bytes.size());
    out.append(header.data(), header.size());
    out.append(file.bytes);
    out.append(padding(file.bytes.size()), '\0');
  }
  return out.append(2 * kBlock, '\0');
}

Result<std::vector<BundleFile>> readTar(std::string_view bytes) {
  if (bytes.size() > limits::kBundleBytesMax) {
    return invalidArgument(
        fmt::format("is larger than {} MiB", limits::kBundleBytesMax / (1024 * 1024)));
  }
  std::vector<BundleFile> files;
  size_t at = 0;
  for (;;) {
    if (bytes.size() - at < 2 * kBlock) return cutOff();
    if (isZero(bytes.substr(at, kBlock))) break;
    if (files.size() == limits::kBundleFilesMax) {
      return invalidArgument(fmt::format("holds more than {} files", limits::kBundleFilesMax));
    }
    JUNCTOR_TRY(BundleFile file, readOne(bytes, at));
    files.push_back(std::move(file));
  }
  if (bytes.size() != at + 2 * kBlock || !isZero(bytes.substr(at))) {
    return invalidArgument("has bytes behind its end");
  }
  return files;
}

}  // namespace junctor::trust
