// Receivers that are slow, broken or hostile (reliability.md F18). Every one must end as an error,
// in bounded time and memory, and free its place.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "unit/net/client_fixture.h"

namespace junctor::net {
namespace {

using testing::answering;
using testing::ClientFixture;
using testing::okResponse;
using testing::Peer;
using testing::ScriptedServer;

// A listener whose queue is full: the kernel drops further connection attempts unanswered.
class FullListener {
 public:
  FullListener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    ::listen(fd_, 0);
    for (int& queued : queued_) {
      queued = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(queued, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  ~FullListener() {
    for (const int queued : queued_) ::close(queued);
    ::close(fd_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  int fd_;
  int port_ = 0;
  int queued_[4];
};

// The script runs after the request was read; the request has 300 ms.
ErrorCode errorFrom(ClientFixture& fixture, std::function<void(Peer&)> script) {
  ScriptedServer server([script = std::move(script)](Peer& peer) {
    if (!peer.readRequest().empty()) script(peer);
  });
  auto request = ClientFixture::postTo(server.url());
  request.timeout_ms = 300;
  return fixture.errorOf(request);
}

std::string head(const std::string& fields) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE_METHOD(ClientFixture, "a drip never outlasts the total deadline") {
  const std::string endless(60'000, 'x');
  CHECK(errorFrom(*this, [&](Peer& peer) {
          peer.send(head("Content-Length: 60000\r\n"));
          peer.drip(endless, 5);
        }) == ErrorCode::DeadlineExceeded);
  CHECK(errorFrom(*this, [&](Peer& peer) { peer.drip(head("X: " + endless + "\r\n"), 5); }) ==
        ErrorCode::DeadlineExceeded);
  CHECK(errorFrom(*this, [&](Peer& peer) {
          peer.send(head("Transfer-Encoding: chunked\r\n"));
          while (peer.send("1\r\nx\r\n") && peer.drip("1\r\ny\r\n", 5)) {
          }
        }) == ErrorCode::DeadlineExceeded);
}

TEST_CASE_METHOD(ClientFixture, "silence ends at the deadline, before and within an answer") {
  CHECK(errorFrom(*this, [](Peer& peer) { peer.waitForEnd(); }) == ErrorCode::DeadlineExceeded);
  CHECK(errorFrom(*this, [](Peer& peer) {
          peer.send("HTTP/1.1 200 OK\r\nContent-Le");
          peer.waitForEnd();
        }) == ErrorCode::DeadlineExceeded);
  CHECK(errorFrom(*this, [](Peer& peer) {
          peer.send(head("Content-Length: 10\r\n") + "12345");
          peer.waitForEnd();
        }) == ErrorCode::DeadlineExceeded);
}

TEST_CASE_METHOD(ClientFixture, "a server that does not accept ends at the connect deadline") {
  const FullListener full;
  auto request = postTo(full.url());
  request.connect_timeout_ms = 200;
  CHECK(errorOf(request) == ErrorCode::DeadlineExceeded);
}

TEST_CASE_METHOD(ClientFixture, "a server that does not read ends at the deadline") {
  ScriptedServer server([](Peer& peer) {
    while (peer.open()) peer.drip("", 10);
  });
  auto request = postTo(server.url(), std::string(50'000'000, 'x'));
  request.timeout_ms = 300;
  CHECK(errorOf(request) == ErrorCode::DeadlineExceeded);
}

TEST_CASE_METHOD(ClientFixture, "who waits for a connection in vain is told in time") {
  ScriptedServer silent([](Peer& peer) { peer.waitForEnd(); });
  std::vector<std::future<Result<OutboundResponse>>> answers;
  constexpr size_t kMax = limits::kConnectionsPerDestination;
  for (size_t i = 0; i < 2 * kMax; ++i) {
    auto request = postTo(silent.url());
    request.timeout_ms = i < kMax ? 600 : 200;
    answers.push_back(start(request));
  }
  // Those that never left are told apart from those the receiver left waiting.
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto answer = answers[i].get();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == (i < kMax ? ErrorCode::DeadlineExceeded : ErrorCode::Cancelled));
    if (i >= kMax) CHECK(answer.error().message == "no free connection in time");
  }
  CHECK(silent.connections() <= static_cast<int>(limits::kConnectionsPerDestination));
}

TEST_CASE_METHOD(ClientFixture, "a silent destination does not keep another waiting") {
  ScriptedServer silent([](Peer& peer) { peer.waitForEnd(); });
  ScriptedServer lively(answering(okResponse()));
  std::vector<std::future<Result<OutboundResponse>>> stuck;
  for (int i = 0; i < 300; ++i) {
    auto request = postTo(silent.url());
    request.pool = "silent";
    stuck.push_back(start(request));
  }
  auto request = postTo(lively.url());
  request.pool = "lively";
  CHECK(call(request));
  client.reset();
  for (auto& answer : stuck) CHECK(answer.get().error().code == ErrorCode::Cancelled);
}

TEST_CASE_METHOD(ClientFixture, "a truncated body is an error, never a success") {
  const std::string truncated[] = {
      head("Content-Length: 100\r\n") + "only this",
      head("Content-Length: 1\r\n"),
      head("Transfer-Encoding: chunked\r\n"),
      head("Transfer-Encoding: chunked\r\n") + "5\r\nabc",
      head("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n",
      head("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n",
  };
  for (const std::string& response : truncated) {
    INFO(response);
    const auto result = callAnsweredBy(response);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::DataLoss);
  }
}

TEST_CASE_METHOD(ClientFixture, "an answer that lasts until the close is whole only by a close") {
  for (const std::string identity : {"", "good"}) {
    for (const std::string ending : {"orderly", "half closed", "reset"}) {
      ScriptedServer server(
          [&](Peer& peer) {
            if (peer.readRequest().empty()) return;
            peer.send(head("") + "until here");
            if (ending == "reset") peer.reset();
            if (ending == "half closed") peer.endOutput();  // with TLS: no close_notify
          },
          identity);
      auto request = postTo(server.url());
      request.ca_file = identity.empty() ? "" : JUNCTOR_TEST_DATA "/tls/ca.pem";
      const auto response = call(request);
      INFO(identity << " " << ending);
      REQUIRE(response.has_value() == (ending != "reset"));
      if (!response) {
        CHECK(response.error().code == ErrorCode::DataLoss);
      } else {
        CHECK(response->body == "until here");
      }
    }
  }
}

TEST_CASE_METHOD(ClientFixture, "a reset is no end of an answer to a request half sent either") {
  ScriptedServer server([&](Peer& peer) {
    peer.waitForBytes();
    peer.send(head("") + "until here");
    peer.reset();
  });
  CHECK(errorOf(postTo(server.url(), std::string(50'000'000, 'x'))) == ErrorCode::DataLoss);
}

TEST_CASE_METHOD(ClientFixture, "bad chunking and nonsense are errors") {
  const std::string broken[] = {
      head("Transfer-Encoding: chunked\r\n") + "zz\r\nabc\r\n0\r\n\r\n",
      head("Transfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
      head("Transfer-Encoding: chunked\r\n") + "-3\r\nabc\r\n0\r\n\r\n",
      head("Transfer-Encoding: chunked\r\n") + "3\r\nabcd\r\n0\r\n\r\n",
      head("Content-Length: -5\r\n") + "abc",
      head("Content-Length: 99999999999999999999999\r\n") + "abc",
      "SSH-2.0-OpenSSH_9.2\r\n",
      "hello\r\n\r\n",
      "HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n",
      std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 10),
  };
  for (const std::string& response : broken) {
    INFO(response);
    const auto result = callAnsweredBy(response);
    REQUIRE_FALSE(result);
    CHECK((result.error().code == ErrorCode::DataLoss ||
           result.error().code == ErrorCode::ResourceExhausted));
  }
}

TEST_CASE_METHOD(ClientFixture, "a connection that ends before an answer is worth another try") {
  for (const std::string response : {"", "HTTP/1.1 200 OK\r\nContent-Le"}) {
    const auto result = callAnsweredBy(response);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::Unavailable);
    CHECK(result.error().retryable());
  }
}

TEST_CASE_METHOD(ClientFixture, "an answer over its cap is cut off, however it is framed") {
  const std::string block(16 * 1024, 'x');
  const auto flood = [&](const std::string& fields, const std::string& unit) {
    ScriptedServer server([&](Peer& peer) {
      peer.readRequest();
      peer.send(head(fields));
      while (peer.send(unit)) {
      }
    });
    auto request = postTo(server.url());
    request.response_bytes_max = 100'000;
    return errorOf(request);
  };
  CHECK(flood("Content-Length: 400000000\r\n", block) == ErrorCode::ResourceExhausted);
  CHECK(flood("", block) == ErrorCode::ResourceExhausted);
  CHECK(flood("Transfer-Encoding: chunked\r\n", "4000\r\n" + block + "\r\n") ==
        ErrorCode::ResourceExhausted);
}

TEST_CASE_METHOD(ClientFixture, "an answer of exactly its cap is whole") {
  ScriptedServer server(answering(okResponse(std::string(1000, 'x'))));
  auto request = postTo(server.url());
  request.response_bytes_max = 1000;
  CHECK(call(request)->body.size() == 1000);
  request.response_bytes_max = 999;
  CHECK(errorOf(request) == ErrorCode::ResourceExhausted);
}

TEST_CASE_METHOD(ClientFixture, "a flood of header fields or of interim answers is cut off") {
  const auto flood = [&](const std::string& begin, const std::string& unit) {
    ScriptedServer server([&](Peer& peer) {
      peer.readRequest();
      peer.send(begin);
      while (peer.send(unit)) {
      }
    });
    return errorOf(postTo(server.url()));
  };
  CHECK(flood("HTTP/1.1 200 OK\r\n", "X-Field: value\r\n") == ErrorCode::ResourceExhausted);
  CHECK(flood("", "HTTP/1.1 103 Early Hints\r\n\r\n") == ErrorCode::ResourceExhausted);
  CHECK(flood("HTTP/1.1 200 OK\r\nX: ", std::string(1000, 'y')) == ErrorCode::ResourceExhausted);
  CHECK(flood(head("Transfer-Encoding: chunked\r\n") + "0\r\n", "X-Trailer: value\r\n") ==
        ErrorCode::ResourceExhausted);
}

TEST_CASE_METHOD(ClientFixture, "a redirect is an answer and is never followed") {
  ScriptedServer elsewhere(answering(okResponse()));
  for (const int status : {301, 302, 303, 307, 308}) {
    for (const std::string& to :
         {elsewhere.url(), std::string("http://169.254.169.254/latest/meta-data"),
          std::string("file:///etc/passwd"), std::string("/loop")}) {
      const auto response =
          callAnsweredBy("HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + to +
                         "\r\nContent-Length: 0\r\n\r\n");
      REQUIRE(response);
      CHECK(response->status == status);
    }
  }
  CHECK(elsewhere.connections() == 0);
}

TEST_CASE_METHOD(ClientFixture, "bytes behind an answer are not taken for the next one") {
  std::atomic<int> served{0};
  ScriptedServer server([&](Peer& peer) {
    while (!peer.readRequest().empty()) {
      const bool first = served++ == 0;
      peer.send(okResponse("mine") +
                (first ? "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged" : ""));
    }
  });
  for (int i = 0; i < 3; ++i) {
    const auto response = call(postTo(server.url()));
    REQUIRE(response);
    CHECK(response->body == "mine");
  }
}

TEST_CASE_METHOD(ClientFixture, "a refused connection names neither address nor port") {
  int port = 0;
  {
    ScriptedServer gone(answering(okResponse()));
    port = gone.port();
  }
  const auto result = call(postTo("http://127.0.0.1:" + std::to_string(port) + "/"));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::Unavailable);
  CHECK(result.error().message.find("127.0.0.1") == std::string::npos);
  CHECK(result.error().message.find(std::to_string(port)) == std::string::npos);
}

TEST_CASE_METHOD(ClientFixture, "evil receivers leave the client as it was") {
  for (int i = 0; i < 100; ++i) CHECK_FALSE(callAnsweredBy("nonsense"));
  ScriptedServer server(answering(okResponse()));
  CHECK(call(postTo(server.url())));
  CHECK(client->inFlight() == 0);
}

}  // namespace junctor::net
