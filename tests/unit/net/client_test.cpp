// What a well-behaved receiver sees of the client, and the client of it.
#include <catch2/catch.hpp>

#include <cstdlib>

#include "unit/net/client_fixture.h"

namespace junctor::net {
namespace {

using testing::answering;
using testing::ClientFixture;
using testing::okResponse;
using testing::Peer;
using testing::ScriptedServer;

// Keeps the last request and answers 200.
struct Recorder {
  std::mutex mutex;
  std::string last;

  std::function<void(Peer&)> script() {
    return [this](Peer& peer) {
      for (std::string request = peer.readRequest(); !request.empty();
           request = peer.readRequest()) {
        {
          std::lock_guard lock(mutex);
          last = request;
        }
        peer.send(okResponse());
      }
    };
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_METHOD(ClientFixture, "a POST arrives byte for byte, and its answer comes back") {
  Recorder recorder;
  ScriptedServer server(recorder.script());
  std::string body(3000, 'x');
  body[7] = '\0';
  auto request = postTo(server.url("/a%20b?q=1&r=%2F"), body);
  request.headers.emplace_back("webhook-id", "dlv_1");
  request.headers.emplace_back("X-Empty", "");
  const auto response = call(request);
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "ok");
  CHECK(*findHeader(response->headers, "content-length") == "2");
  CHECK(response->latency_us > 0);
  CHECK(recorder.last.starts_with("POST /a%20b?q=1&r=%2F HTTP/1.1\r\n"));
  CHECK(contains(recorder.last, "\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  CHECK(contains(recorder.last, "\r\nContent-Length: 3000\r\n"));
  CHECK(contains(recorder.last, "\r\nwebhook-id: dlv_1\r\n"));
  CHECK(contains(recorder.last, "\r\nX-Empty:"));
  CHECK(recorder.last.ends_with("\r\n\r\n" + body));
}

TEST_CASE_METHOD(ClientFixture, "nothing is sent that was not asked for") {
  Recorder recorder;
  ScriptedServer server(recorder.script());
  auto request = postTo(server.url(), std::string(200'000, 'x'));
  request.headers.clear();
  REQUIRE(call(request));
  for (const char* name : {"Expect:", "Accept-Encoding:", "Accept:", "Cookie:", "Content-Type:",
                           "Authorization:", "Transfer-Encoding:", "TE:", "Upgrade:"}) {
    CHECK_FALSE(contains(recorder.last, std::string("\r\n") + name));
  }
  CHECK(contains(recorder.last, "\r\nContent-Length: 200000\r\n"));
}

TEST_CASE_METHOD(ClientFixture, "every method goes out as asked") {
  Recorder recorder;
  ScriptedServer server(recorder.script());
  for (const std::string method : {"GET", "PUT", "PATCH", "DELETE", "POST", "GET"}) {
    auto request = postTo(server.url(), "b");
    request.method = method;
    if (method == "GET") request.body = nullptr;
    REQUIRE(call(request));
    CHECK(recorder.last.starts_with(method + " /hook HTTP/1.1\r\n"));
    CHECK(recorder.last.ends_with(method == "GET" ? "\r\n\r\n" : "\r\n\r\nb"));
  }
  auto empty = postTo(server.url(), "");
  REQUIRE(call(empty));
  CHECK(contains(recorder.last, "\r\nContent-Length: 0\r\n"));
}

TEST_CASE_METHOD(ClientFixture, "an answer to HEAD has a length and no body") {
  ScriptedServer server(answering("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"));
  auto request = postTo(server.url());
  request.method = "HEAD";
  request.body = nullptr;
  const auto response = call(request);
  REQUIRE(response);
  CHECK(response->body.empty());
  CHECK(*findHeader(response->headers, "Content-Length") == "500");
}

TEST_CASE_METHOD(ClientFixture, "a URL without path asks for /, and a Host header may be given") {
  Recorder recorder;
  ScriptedServer server(recorder.script());
  auto request = postTo(server.url(""));
  request.headers.emplace_back("Host", "agent.example");
  REQUIRE(call(request));
  CHECK(recorder.last.starts_with("POST / HTTP/1.1\r\n"));
  CHECK(contains(recorder.last, "\r\nHost: agent.example\r\n"));
  CHECK_FALSE(contains(recorder.last, "Host: 127"));
  REQUIRE(call(postTo(server.url("?x=1"))));
  CHECK(recorder.last.starts_with("POST /?x=1 HTTP/1.1\r\n"));
}

TEST_CASE_METHOD(ClientFixture, "any status is an answer, not an error") {
  for (const int status : {200, 202, 204, 302, 304, 400, 410, 429, 500, 503, 599}) {
    const auto response = callAnsweredBy("HTTP/1.1 " + std::to_string(status) +
                                         " X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(response);
    CHECK(response->status == status);
    CHECK(*findHeader(response->headers, "Retry-After") == "7");
  }
}

TEST_CASE_METHOD(ClientFixture, "chunked and until-close answers are read whole") {
  const auto chunked = callAnsweredBy(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Trailer: evil\r\nRetry-After: 9\r\n\r\n");
  REQUIRE(chunked);
  CHECK(chunked->body == "abcde");
  CHECK(findHeader(chunked->headers, "X-Trailer") == nullptr);
  CHECK(findHeader(chunked->headers, "Retry-After") == nullptr);
  const auto until_close = callAnsweredBy("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
  REQUIRE(until_close);
  CHECK(until_close->body == "all of it");
}

TEST_CASE_METHOD(ClientFixture, "an interim answer is passed over") {
  const auto response = callAnsweredBy(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + okResponse());
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "ok");
  CHECK(findHeader(response->headers, "Link") == nullptr);
}

TEST_CASE_METHOD(ClientFixture, "a compressed answer stays as it is") {
  const auto response = callAnsweredBy(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8bzz");
  REQUIRE(response);
  CHECK(response->body == "\x1f\x8bzz");
}

TEST_CASE_METHOD(ClientFixture, "a connection is kept and used again within its pool") {
  ScriptedServer server(answering(okResponse()));
  for (int i = 0; i < 20; ++i) REQUIRE(call(postTo(server.url("/" + std::to_string(i)))));
  CHECK(server.connections() == 1);
}

TEST_CASE_METHOD(ClientFixture, "a connection is never shared between pools") {
  ScriptedServer server(answering(okResponse()));
  for (int round = 0; round < 3; ++round) {
    for (const char* pool : {"a/x", "b/x", "a/y"}) {
      auto request = postTo(server.url());
      request.pool = pool;
      REQUIRE(call(request));
    }
  }
  CHECK(server.connections() == 3);
}

TEST_CASE_METHOD(ClientFixture, "a connection made under a grant serves nobody without it") {
  std::atomic<int> requests{0};
  ScriptedServer server([&](Peer& peer) {
    while (!peer.readRequest().empty()) {
      ++requests;
      peer.send(okResponse());
    }
  });
  const std::string by_name = "http://localhost:" + std::to_string(server.port()) + "/";
  REQUIRE(call(postTo(by_name)));
  auto without = postTo(by_name);
  without.allow_private = false;
  CHECK(errorOf(without) == ErrorCode::PermissionDenied);
  CHECK(requests == 1);
}

TEST_CASE_METHOD(ClientFixture, "a connection the server closed meanwhile is replaced") {
  std::promise<void> closed[5];
  std::atomic<int> ended{0};
  ScriptedServer server([&](Peer& peer) {
    if (peer.readRequest().empty()) return;
    peer.send(okResponse());
    peer.endOutput();
    peer.waitForEnd();
    closed[ended++].set_value();
  });
  for (auto& client_closed : closed) {
    REQUIRE(call(postTo(server.url())));
    client_closed.get_future().wait();
  }
  CHECK(server.connections() == 5);
}

TEST_CASE_METHOD(ClientFixture, "a kept connection is looked at once more before it is used") {
  for (const bool by_reset : {false, true}) {
    std::promise<void> closed;
    std::atomic<int> requests{0};
    ScriptedServer server([&](Peer& peer) {
      while (!peer.readRequest().empty()) {
        const bool first = requests++ == 0;
        peer.send(okResponse());
        if (!first) continue;
        by_reset ? peer.reset() : peer.endOutput();
        closed.set_value();
      }
    });
    std::future<Result<OutboundResponse>> second;
    std::promise<bool> first;
    // Its loop cannot see the close before it takes the second request.
    client->send(postTo(server.url()), [&](Result<OutboundResponse> response) {
      second = start(postTo(server.url()));
      closed.get_future().wait();
      first.set_value(response.has_value());
    });
    REQUIRE(first.get_future().get());
    CHECK(second.get());
    CHECK(server.connections() == 2);
    CHECK(requests == 2);
  }
}

TEST_CASE_METHOD(ClientFixture, "a request that went out whole is never sent again") {
  for (const bool by_reset : {false, true}) {
    std::atomic<int> requests{0};
    ScriptedServer server([&](Peer& peer) {
      for (; !peer.readRequest().empty(); peer.send(okResponse())) {
        if (++requests == 1) continue;
        if (by_reset) peer.reset();
        return;
      }
    });
    REQUIRE(call(postTo(server.url())));
    const auto second = call(postTo(server.url()));
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::Unavailable);
    CHECK(second.error().message == "connection closed before an answer");
    CHECK(requests == 2);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE_METHOD(ClientFixture, "a request that a kept connection did not take whole goes on") {
  std::atomic<int> connections{0};
  ScriptedServer server([&](Peer& peer) {
    const bool first = connections++ == 0;
    while (!peer.readRequest().empty()) {
      peer.send(okResponse());
      if (!first) continue;
      peer.waitForBytes();
      return peer.reset();
    }
  });
  REQUIRE(call(postTo(server.url())));
  CHECK(call(postTo(server.url(), std::string(50'000'000, 'x'))));
  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(ClientFixture, "a server that wants to close is not used again") {
  ScriptedServer server(
      answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  for (int i = 0; i < 3; ++i) REQUIRE(call(postTo(server.url())));
  CHECK(server.connections() == 3);
}

TEST_CASE_METHOD(ClientFixture, "a burst is answered whole over a bounded number of connections") {
  ScriptedServer server(answering(okResponse()));
  std::vector<std::future<Result<OutboundResponse>>> answers;
  for (int i = 0; i < 1000; ++i) {
    auto request = postTo(server.url());
    request.pool = i % 2 == 0 ? "even" : "odd";
    answers.push_back(start(request));
  }
  for (auto& answer : answers) CHECK(answer.get());
  CHECK(server.connections() <= static_cast<int>(2 * limits::kConnectionsPerDestination));
  CHECK(client->inFlight() == 0);
}

TEST_CASE_METHOD(ClientFixture, "more pools than connections are all served") {
  ScriptedServer server(answering(okResponse()));
  std::vector<std::future<Result<OutboundResponse>>> answers;
  for (int i = 0; i < 600; ++i) {
    auto request = postTo(server.url());
    request.pool = "pool" + std::to_string(i);
    answers.push_back(start(request));
  }
  for (auto& answer : answers) CHECK(answer.get());
}

TEST_CASE_METHOD(ClientFixture, "a receiver of an answer may send the next request") {
  ScriptedServer server(answering(okResponse()));
  std::promise<int> last;
  std::function<void(int)> chain = [&](int left) {
    client->send(postTo(server.url()), [&, left](Result<OutboundResponse> response) {
      if (!response || left == 0) return last.set_value(left);
      chain(left - 1);
    });
  };
  chain(50);
  CHECK(last.get_future().get() == 0);
  CHECK(server.connections() == 1);
}

TEST_CASE_METHOD(ClientFixture, "many threads may send") {
  ScriptedServer server(answering(okResponse()));
  std::atomic<int> good{0};
  {
    std::vector<Thread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back("sender", [&] {
        for (int i = 0; i < 100; ++i) {
          if (call(postTo(server.url()))) ++good;
        }
      });
    }
  }
  CHECK(good == 400);
}

TEST_CASE_METHOD(ClientFixture, "stopping cancels what is in flight and what waits") {
  ScriptedServer silent([](Peer& peer) { peer.waitForEnd(); });
  std::vector<std::future<Result<OutboundResponse>>> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(start(postTo(silent.url())));
  CHECK(client->inFlight() == 50);
  client.reset();
  for (auto& answer : answers) CHECK(answer.get().error().code == ErrorCode::Cancelled);
}

TEST_CASE_METHOD(ClientFixture, "a proxy in the environment is ignored") {
  ScriptedServer proxy(answering(okResponse("proxy")));
  ScriptedServer server(answering(okResponse("server")));
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"}) {
    ::setenv(name, proxy.url("").c_str(), 1);
  }
  const auto response = call(postTo(server.url()));
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"}) {
    ::unsetenv(name);
  }
  REQUIRE(response);
  CHECK(response->body == "server");
  CHECK(proxy.connections() == 0);
}

TEST_CASE_METHOD(ClientFixture, "a head that would break the framing is refused") {
  ScriptedServer server(answering(okResponse()));
  const Headers bad[] = {{{"X", "a\r\nY: b"}},
                         {{"X", "a\nb"}},
                         {{"X\r\nY", "a"}},
                         {{"X Y", "a"}},
                         {{"", "a"}},
                         {{"X:", "a"}},
                         {{"Content-Length", "5"}},
                         {{"transfer-encoding", "chunked"}},
                         {{"Connection", "close"}},
                         {{"Expect", "100-continue"}},
                         {{"X", std::string("a\0b", 3)}},
                         {{"Upgrade", "h2c"}}};
  for (const Headers& headers : bad) {
    auto request = postTo(server.url());
    request.headers = headers;
    CHECK(errorOf(request) == ErrorCode::InvalidArgument);
  }
  for (const char* method : {"", "PO ST", "POST\r\nX: y", "GET /"}) {
    auto request = postTo(server.url());
    request.method = method;
    CHECK(errorOf(request) == ErrorCode::InvalidArgument);
  }
  CHECK(server.connections() == 0);
}

}  // namespace junctor::net
