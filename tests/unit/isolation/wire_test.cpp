#include "isolation/wire.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "base/limits.h"
#include "isolation/messages.h"

namespace junctor::testing {
using isolation::Channel;
using isolation::Frame;
using isolation::FrameKind;
using isolation::Packer;
using isolation::Unpacker;

struct WireHouse {
  std::unique_ptr<Channel> host;
  Descriptor child;

  WireHouse() {
    auto pair = Channel::pair();
    REQUIRE(pair);
    host = std::make_unique<Channel>(std::move(pair->first));
    child = std::move(pair->second);
  }
  // What the hostile end sends: any bytes, any descriptors.
  void push(const std::string& bytes, std::vector<int> files = {}) const {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 8)] = {};
    if (!files.empty()) {
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE(sizeof(int) * files.size());
      cmsghdr* head = CMSG_FIRSTHDR(&message);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN(sizeof(int) * files.size());
      std::memcpy(CMSG_DATA(head), files.data(), sizeof(int) * files.size());
    }
    REQUIRE(::sendmsg(child.get(), &message, 0) >= 0);
  }
  static std::string head(uint64_t size, uint16_t flags = 0, uint32_t magic = 0x31464e4a) {
    std::string out(24, '\0');
    const uint16_t kind = 35;
    const uint64_t call = 9;
    std::memcpy(out.data(), &magic, 4);
    std::memcpy(out.data() + 4, &kind, 2);
    std::memcpy(out.data() + 6, &flags, 2);
    std::memcpy(out.data() + 8, &call, 8);
    std::memcpy(out.data() + 16, &size, 8);
    return out;
  }
  Channel::Received take(Frame& frame) const { return host->receive(frame); }
  Channel::Received take() const {
    Frame frame;
    return host->receive(frame);
  }
};

TEST_CASE("frames arrive whole, small and large, in order") {
  auto pair = Channel::pair();
  REQUIRE(pair);
  Channel one(std::move(pair->first)), other(std::move(pair->second));
  for (const size_t size : {size_t{0}, size_t{1}, limits::kFrameInlineBytesMax,
                            limits::kFrameInlineBytesMax + 1, size_t{5} << 20}) {
    const std::string payload(size, 'x');
    REQUIRE(one.send(FrameKind::Call, size, payload) == Channel::Sent::Yes);
    Frame frame;
    REQUIRE(other.receive(frame) == Channel::Received::Yes);
    CHECK(frame.kind == FrameKind::Call);
    CHECK(frame.call == size);
    CHECK(frame.payload == payload);
  }
  Frame frame;
  CHECK(other.receive(frame) == Channel::Received::Empty);
}

TEST_CASE("a channel that is full says so and takes more once there is room") {
  auto pair = Channel::pair();
  REQUIRE(pair);
  Channel one(std::move(pair->first)), other(std::move(pair->second));
  const std::string payload(60'000, 'x');
  size_t sent = 0;
  while (one.send(FrameKind::Call, sent, payload) == Channel::Sent::Yes) ++sent;
  REQUIRE(sent > 0);
  Frame frame;
  for (size_t i = 0; i < sent; ++i) {
    REQUIRE(other.receive(frame) == Channel::Received::Yes);
    CHECK(frame.call == i);
  }
  CHECK(one.send(FrameKind::Call, sent, payload) == Channel::Sent::Yes);
}

TEST_CASE("what is no frame is broken") {
  WireHouse house;
  house.push("x");
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(0, 0, 0x12345678));
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(5) + "four");
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(3) + "four");
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(UINT64_MAX));
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(0, 2));
  CHECK(house.take() == Channel::Received::Broken);
  house.push(std::string(limits::kFrameInlineBytesMax + 100, 'x'));
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(0));
  CHECK(house.take() == Channel::Received::Yes);
}

TEST_CASE("memory that is not sealed, of another size or no memory is broken") {
  WireHouse house;
  const auto memory = [](size_t size, int seals) {
    Descriptor out(::memfd_create("test", MFD_ALLOW_SEALING));
    REQUIRE(::ftruncate(out.get(), static_cast<off_t>(size)) == 0);
    if (seals) REQUIRE(::fcntl(out.get(), F_ADD_SEALS, seals) == 0);
    return out;
  };
  const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  house.push(house.head(100, 1));
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(100, 1), {memory(100, 0).get()});
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(100, 1), {memory(100, F_SEAL_SHRINK).get()});
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(100, 1), {memory(99, all).get()});
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(100, 1), {0});
  CHECK(house.take() == Channel::Received::Broken);
  house.push(house.head(100, 1), {memory(100, all).get()});
  CHECK(house.take() == Channel::Received::Yes);
}

TEST_CASE("descriptors that come along unasked are closed") {
  WireHouse house;
  const auto openFiles = [] {
    size_t count = 0;
    for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
  };
  const size_t before = openFiles();
  for (const size_t count : {1, 2, 3, 8}) {
    house.push(house.head(0), std::vector<int>(count, 0));
    house.take();
  }
  CHECK(openFiles() == before);
}

TEST_CASE("a reader that runs off the end says so") {
  Packer out;
  out.u32(7).text("abc");
  const std::string bytes = out.take();
  Unpacker in(bytes);
  CHECK(in.u32() == 7);
  CHECK(in.text() == "abc");
  CHECK(in.done());
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    Unpacker part(std::string_view(bytes).substr(0, cut));
    part.u32();
    part.text();
    CHECK(!part.ok());
  }
  Packer huge;
  huge.u64(UINT64_MAX);
  const std::string count = huge.take();
  Unpacker many(count);
  CHECK(many.count(8) == 0);
  CHECK(!many.ok());
}

TEST_CASE("a request survives the wire byte for byte") {
  RawRequest request;
  request.method = "PUT";
  request.url = "https://x.example/?a=%00";
  request.headers = {{"A", "1"}, {"A", ""}, {"", "\xff"}};
  request.body = std::string("\0\xff{}", 4);
  request.remote_ip = "192.0.2.1";
  request.received_at_ms = -5;
  const std::string packed = isolation::packHandle(isolation::Method::Handle, 42, request);
  Unpacker in(packed);
  CHECK(in.u64() == 42);
  CHECK(in.u8() == 1);
  const auto read = isolation::readHandle(in);
  REQUIRE(read);
  CHECK(read->method == request.method);
  CHECK(read->url == request.url);
  CHECK(read->headers == request.headers);
  CHECK(read->body == request.body);
  CHECK(read->remote_ip == request.remote_ip);
  CHECK(read->received_at_ms == request.received_at_ms);
}

}  // namespace junctor::testing
