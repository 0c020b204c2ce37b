// The front over TLS, with a real OpenSSL client.
#include <catch2/catch.hpp>

#include "unit/net/front_fixture.h"
#include "unit/net/tls_fixture.h"

using junctor::net::HttpRequest;
using junctor::net::HttpServerOptions;
using junctor::net::HttpServerStats;
using junctor::net::ResponderPtr;
using junctor::net::startHttpServer;
using junctor::testing::CertificateFolder;
using junctor::testing::Front;
using junctor::testing::get;
using junctor::testing::RawClient;
using junctor::testing::TlsClient;

namespace {

HttpServerOptions overTls(const CertificateFolder& folder) {
  HttpServerOptions options;
  options.tls = folder.files();
  return options;
}

size_t countAnswers(const std::string& text) {
  size_t count = 0;
  for (size_t at = text.find("HTTP/1.1 200"); at != text.npos;
       at = text.find("HTTP/1.1 200", at + 1)) {
    ++count;
  }
  return count;
}

// One request on a new connection.
bool served(Front& front, int version = 0) {
  TlsClient client(front.port(), version);
  return client.handshake() && client.send(get("/")) &&
         client.receive(15).starts_with("HTTP/1.1 200 OK");
}

}  // namespace

TEST_CASE("a request over TLS is served and marked so") {
  const CertificateFolder folder("one");
  Front front(overTls(folder));
  std::atomic<bool> tls{false};
  front.handler.on_handle = [&tls](HttpRequest request, ResponderPtr responder) {
    tls = request.tls;
    responder->reply({200, {}, "hello"});
  };
  front.start();
  CHECK(served(front));
  CHECK(tls);
}

TEST_CASE("TLS 1.2 and 1.3 are spoken, older versions are not") {
  const CertificateFolder folder("one");
  Front front(overTls(folder));
  front.start();
  CHECK(served(front, TLS1_2_VERSION));
  CHECK(served(front, TLS1_3_VERSION));
  CHECK_FALSE(served(front, TLS1_1_VERSION));
  CHECK_FALSE(served(front, TLS1_VERSION));
  CHECK(served(front));
}

TEST_CASE("requests that wait inside TLS are not forgotten") {
  const CertificateFolder folder("one");
  Front front(overTls(folder));
  front.start();
  TlsClient client(front.port());
  REQUIRE(client.handshake());
  std::string burst;
  for (int i = 0; i < 400; ++i) burst += get("/x");  // more than the pipeline, in one record
  REQUIRE(burst.size() < 16384);
  REQUIRE(client.send(burst));
  REQUIRE(client.send(get("/last", "Connection: close\r\n")));
  const std::string answers = client.receive(10'000'000);
  CHECK(countAnswers(answers) == 401);
  CHECK(answers.ends_with("GET /last a "));
}

TEST_CASE("a large body and a large answer pass through TLS whole") {
  const CertificateFolder folder("one");
  Front front(overTls(folder));
  front.handler.on_handle = [](HttpRequest request, ResponderPtr responder) {
    std::string body;
    for (int i = 0; i < 20; ++i) body += request.body;
    responder->reply({200, {}, std::move(body)});
  };
  front.start();
  TlsClient client(front.port());
  REQUIRE(client.handshake());
  const std::string body(1'000'000, 'b');
  client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n");
  client.send(body);
  const std::string answer = client.receive(30'000'000);
  CHECK(answer.size() > 20'000'000);
  CHECK(answer.ends_with(body));
  CHECK(client.closedByServer());
}

TEST_CASE("a reloaded certificate is used by new connections, old ones go on") {
  CertificateFolder folder("one");
  Front front(overTls(folder));
  front.start();
  TlsClient before(front.port());
  REQUIRE(before.handshake());
  CHECK(before.serverName() == "one");
  folder.renew("two");
  REQUIRE(front.server().reloadTls());
  TlsClient after(front.port());
  REQUIRE(after.handshake());
  CHECK(after.serverName() == "two");
  REQUIRE(before.send(get("/", "Connection: close\r\n")));
  CHECK(countAnswers(before.receive(100'000)) == 1);
}

TEST_CASE("a reload that fails says so and keeps the old certificate") {
  CertificateFolder folder("one");
  Front front(overTls(folder));
  front.start();
  SECTION("damaged certificate") {
    folder.damage();
  }
  SECTION("key of another certificate") {
    folder.renewKeyOnly();
  }
  SECTION("encrypted key") {
    folder.encryptKey();
  }
  CHECK_FALSE(front.server().reloadTls());
  TlsClient client(front.port());
  REQUIRE(client.handshake());
  CHECK(client.serverName() == "one");
}

TEST_CASE("a server does not start with TLS files it cannot use") {
  CertificateFolder folder("one");
  HttpServerOptions options = overTls(folder);
  SECTION("damaged certificate") {
    folder.damage();
  }
  SECTION("key of another certificate") {
    folder.renewKeyOnly();
  }
  SECTION("encrypted key") {
    folder.encryptKey();
  }
  SECTION("no file") {
    options.tls->private_key += ".not-there";
  }
  junctor::testing::ScriptedHandler handler;
  const auto started = startHttpServer(options, handler, junctor::systemClock());
  REQUIRE_FALSE(started);
  CHECK(started.error().code == junctor::ErrorCode::InvalidArgument);
}

TEST_CASE("peers that do not speak TLS cost one connection each") {
  const CertificateFolder folder("one");
  Front front(overTls(folder));
  front.start();
  const std::vector<std::string> junks = {get("/"), "\x16\x03\x01 nonsense nonsense nonsense",
                                          std::string(20'000, '\xff')};
  for (const std::string& junk : junks) {
    RawClient client(front.port());
    client.send(junk);
    client.endSending();
    client.closedByServer();  // an alert may come first
    CHECK(served(front));
  }
  CHECK(front.handler.targetsSeen().size() == 3);
}

TEST_CASE("a handshake that stalls is closed at the header deadline") {
  const CertificateFolder folder("one");
  HttpServerOptions options = overTls(folder);
  options.header_deadline_ms = 80;
  Front front(options);
  front.start();
  RawClient silent(front.port());
  RawClient half(front.port());
  half.send(std::string("\x16\x03\x01\x02\x00", 5));
  CHECK(silent.closedByServer());
  CHECK(half.closedByServer());
}

TEST_CASE("a TLS peer that does not read its answer is cut off") {
  const CertificateFolder folder("one");
  HttpServerOptions options = overTls(folder);
  options.response_deadline_ms = 80;
  Front front(options);
  front.handler.on_handle = [](HttpRequest request, ResponderPtr responder) {
    responder->reply({200, {}, request.path == "/large" ? std::string(30'000'000, 'z') : ""});
  };
  front.start();
  TlsClient slow(front.port());
  REQUIRE(slow.handshake());
  REQUIRE(slow.send(get("/large")));
  CHECK(front.eventually([](const HttpServerStats& now) { return now.timeouts_total == 1; }));
  CHECK(served(front));
}

TEST_CASE("a malformed request over TLS gets its answer and a proper close") {
  const CertificateFolder folder("one");
  Front front(overTls(folder));
  front.start();
  TlsClient client(front.port());
  REQUIRE(client.handshake());
  client.send("GET / HTTP/1.1\r\n\r\n" + get("/smuggled"));
  CHECK(client.receive(15) == "HTTP/1.1 400 Ba");
  client.receive(100'000);
  CHECK(client.closedByServer());
  CHECK(front.handler.targetsSeen().empty());
}
