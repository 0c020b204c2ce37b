#include "isolation/wire.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/limits.h"

namespace junctor::isolation {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr uint32_t kMagic = 0x31464e4a;  // "JNF1"
constexpr uint16_t kInMemory = 1;        // the payload is the memory that comes along
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr size_t kFilesMax = 2;  // one more than is ever right, so that it is noticed

struct Head {
  uint32_t magic;
  uint16_t kind;
  uint16_t flags;
  uint64_t call;
  uint64_t size;
};
static_assert(sizeof(Head) == 24);

// Reads, not maps: a read cannot fault.
bool readMemory(int file, size_t size, std::string& out) {
  struct stat info{};
  const int seals = ::fcntl(file, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals || ::fstat(file, &info) != 0) return false;
  if (!S_ISREG(info.st_mode) || static_cast<size_t>(info.st_size) != size) return false;
  out.resize(size);
  size_t at = 0;
  while (at < size) {
    const ssize_t n = ::pread(file, out.data() + at, size - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<size_t>(n);
  }
  return true;
}

void attach(msghdr& message, char* control, size_t control_size, int file) {
  message.msg_control = control;
  message.msg_controllen = control_size;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(head), &file, sizeof file);
}

// All descriptors of a message, so that none is left behind. Returns how many there were.
size_t takeFiles(msghdr& message, int* files) {
  size_t count = 0;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const size_t n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < n; ++i) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(head) + i * sizeof(int), sizeof file);
      if (count < kFilesMax) {
        files[count++] = file;
      } else {
        ::close(file);
      }
    }
  }
  return count;
}

}  // namespace

Board::~Board() {
  if (flag_) ::munmap(flag_, sizeof *flag_);
}

Result<Board> Board::make(Descriptor& file) {
  file = Descriptor(::memfd_create("junctor-board", MFD_CLOEXEC));
  void* memory = MAP_FAILED;
  if (file.valid() && ::ftruncate(file.get(), sizeof(std::atomic<bool>)) == 0) {
    memory = ::mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ | PROT_WRITE, MAP_SHARED,
                    file.get(), 0);
  }
  if (memory == MAP_FAILED) return unavailable("no shared memory for a runner");
  return Board(new (memory) std::atomic<bool>(false));
}

Board Board::open(int file) {
  void* memory = ::mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ, MAP_SHARED, file, 0);
  return Board(memory == MAP_FAILED ? nullptr : static_cast<std::atomic<bool>*>(memory));
}

Descriptor sealedMemory(std::string_view payload) {
  Descriptor memory(::memfd_create("junctor-frame", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.valid()) return {};
  while (!payload.empty()) {
    const ssize_t n = ::write(memory.get(), payload.data(), payload.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return {};
    payload.remove_prefix(static_cast<size_t>(n));
  }
  if (::fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) return {};
  return memory;
}

std::string_view wireName() {
  return "junctor " JUNCTOR_BUILD_VERSION " wire 2";
}

std::string_view Unpacker::text() {
  const uint64_t size = u64();
  if (size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view out = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return out;
}

size_t Unpacker::count(size_t bytes_each) {
  const uint64_t n = u64();
  if (n <= rest_.size() / bytes_each) return n;
  ok_ = false;
  return 0;
}

bool Unpacker::take(void* out, size_t size) {
  if (rest_.size() < size) {
    rest_ = {};
    return false;
  }
  std::memcpy(out, rest_.data(), size);
  rest_.remove_prefix(size);
  return true;
}

Channel::Channel(Descriptor socket)
    : socket_(std::move(socket)), buffer_(limits::kFrameInlineBytesMax + sizeof(Head), '\0') {}

Result<std::pair<Descriptor, Descriptor>> Channel::pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return unavailable(std::string("cannot make a socket pair: ") + std::strerror(errno));
  }
  const int bytes = static_cast<int>(limits::kFrameQueueBytes);  // as much as the system grants
  for (const int end : ends) ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  return std::pair(Descriptor(ends[0]), Descriptor(ends[1]));
}

Channel::Sent Channel::send(FrameKind kind, uint64_t call, std::string_view payload, bool wait,
                            int file) {
  Head head{kMagic, static_cast<uint16_t>(kind), 0, call, payload.size()};
  Descriptor memory;
  if (payload.size() > limits::kFrameInlineBytesMax) {
    memory = sealedMemory(payload);
    if (!memory.valid()) return Sent::Closed;
    head.flags = kInMemory;
    file = memory.get();
    payload = {};
  }
  iovec parts[2] = {{&head, sizeof head}, {const_cast<char*>(payload.data()), payload.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = payload.empty() ? 1 : 2;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (file >= 0) attach(message, control, sizeof control, file);
  for (;;) {
    const int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
    if (::sendmsg(socket_.get(), &message, flags) >= 0) return Sent::Yes;
    if (errno == EINTR) continue;
    const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS;
    return full ? Sent::Full : Sent::Closed;
  }
}

Channel::Received Channel::receive(Frame& out, bool wait) {
  iovec part = {buffer_.data(), buffer_.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kFilesMax)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = -1;
  do {
    size = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN ? Received::Empty : Received::Closed;
  int files[kFilesMax] = {-1, -1};
  const size_t count = takeFiles(message, files);
  out.file = Descriptor(files[0]);
  const Descriptor surplus(files[1]);
  if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) return Received::Broken;
  if (size == 0 && count == 0) return Received::Closed;
  return readPacket(static_cast<size_t>(size), files, count, out);
}

Channel::Received Channel::readPacket(size_t size, int* files, size_t files_count, Frame& out) {
  Head head{};
  if (size < sizeof head || files_count > 1) return Received::Broken;
  std::memcpy(&head, buffer_.data(), sizeof head);
  if (head.magic != kMagic || head.size > limits::kFrameBytesMax) return Received::Broken;
  out.kind = static_cast<FrameKind>(head.kind);
  out.call = head.call;
  if (head.flags == kInMemory) {
    if (files_count != 1 || size != sizeof head) return Received::Broken;
    const bool read = readMemory(files[0], head.size, out.payload);
    out.file = Descriptor();
    return read ? Received::Yes : Received::Broken;
  }
  if (head.flags != 0 || head.size != size - sizeof head) return Received::Broken;
  out.payload.assign(buffer_, sizeof head, head.size);
  return Received::Yes;
}

}  // namespace junctor::isolation
