// What a client and a handler can rely on, over real sockets.
#include <catch2/catch.hpp>

#include <algorithm>

#include "base/threads.h"
#include "unit/net/front_fixture.h"

using junctor::Mailbox;
using junctor::Thread;
using junctor::net::HttpHandler;
using junctor::net::HttpRequest;
using junctor::net::HttpResponse;
using junctor::net::HttpServerOptions;
using junctor::net::HttpServerStats;
using junctor::net::jsonResponse;
using junctor::net::problem;
using junctor::net::ResponderPtr;
using junctor::net::startHttpServer;
using junctor::testing::echo;
using junctor::testing::Front;
using junctor::testing::get;
using junctor::testing::RawClient;

namespace {

std::string post(std::string_view target, std::string_view body, std::string_view extra = "") {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(extra) + "\r\n" + std::string(body);
}

struct Waiting {
  HttpRequest request;
  ResponderPtr responder;
};

// Keeps requests until the test answers them, from the test's thread.
struct Shelf {
  explicit Shelf(Front& front) {
    front.handler.on_handle = [this](HttpRequest request, ResponderPtr responder) {
      box.push({std::move(request), std::move(responder)});
    };
  }
  std::vector<Waiting> wait(size_t count) {
    std::vector<Waiting> all;
    while (all.size() < count) {
      for (Waiting& one : box.take(std::chrono::milliseconds(50))) all.push_back(std::move(one));
    }
    return all;
  }
  Mailbox<Waiting> box;
};

}  // namespace

TEST_CASE("a request reaches the handler as it was sent") {
  Front front;
  HttpRequest seen;
  front.handler.on_handle = [&seen](HttpRequest request, ResponderPtr responder) {
    seen = request;
    responder->reply(jsonResponse(202, "{}"));
  };
  front.start();
  RawClient client(front.port());
  client.send(post("/v1/x?y=%20z", "body", "X-Sig:  a=0D=?utf-8?q?=0A?= \r\nx-sig: b\r\n"));
  const auto response = client.receive();
  REQUIRE(response);
  CHECK(response->status == 202);
  CHECK(response->header("Content-Type") == "application/json");
  CHECK(response->header("Date").ends_with(" GMT"));
  CHECK(seen.method == "POST");
  CHECK(seen.target == "/v1/x?y=%20z");
  CHECK(seen.path == "/v1/x");
  CHECK(seen.query == "y=%20z");
  CHECK(seen.host == "a");
  CHECK(seen.body == "body");
  CHECK(seen.remote_ip == "127.0.0.1");
  CHECK_FALSE(seen.tls);
  REQUIRE(seen.headers.size() == 4);
  CHECK(seen.headers[2] == junctor::Header("X-Sig", "a=0D=?utf-8?q?=0A?="));
  CHECK(seen.headers[3] == junctor::Header("x-sig", "b"));
}

TEST_CASE("pipelined requests are answered in order, whatever order the replies come in") {
  Front front;
  Shelf shelf(front);
  front.start();
  RawClient client(front.port());
  std::string burst;
  for (int i = 0; i < 10; ++i) burst += get("/" + std::to_string(i));
  client.send(burst);
  std::vector<Waiting> waiting = shelf.wait(10);
  std::reverse(waiting.begin(), waiting.end());
  for (Waiting& one : waiting) one.responder->reply(echo(one.request));
  for (int i = 0; i < 10; ++i) {
    const auto response = client.receive();
    REQUIRE(response);
    CHECK(response->body == "GET /" + std::to_string(i) + " a ");
  }
}

TEST_CASE("no more requests are begun than the pipeline allows, and none is lost") {
  Front front;
  Shelf shelf(front);
  front.start();
  RawClient client(front.port());
  std::string burst;
  for (int i = 0; i < 200; ++i) burst += get("/" + std::to_string(i));
  client.send(burst);
  size_t answered = 0;
  while (answered < 200) {
    std::vector<Waiting> waiting = shelf.wait(1);
    CHECK(front.handler.targetsSeen().size() <= answered + junctor::limits::kPipelineMax);
    for (Waiting& one : waiting) one.responder->reply(echo(one.request));
    for (size_t i = 0; i < waiting.size(); ++i) {
      const auto response = client.receive();
      REQUIRE(response);
      CHECK(response->body == "GET /" + std::to_string(answered++) + " a ");
    }
  }
}

TEST_CASE("a refusal waits behind the answers owed before it") {
  Front front;
  Shelf shelf(front);
  front.start();
  RawClient client(front.port());
  client.send(get("/first") + "NONSENSE\r\n\r\n" + get("/smuggled"));
  std::vector<Waiting> waiting = shelf.wait(1);
  waiting[0].responder->reply(echo(waiting[0].request));
  CHECK(client.receive()->body == "GET /first a ");
  CHECK(client.receive()->status == 400);
  CHECK(client.closedByServer());
  CHECK(front.handler.targetsSeen().size() == 1);
}

TEST_CASE("the go-ahead is given only after the handler admits the request") {
  Front front;
  front.handler.on_admit = [](const HttpRequest& head) {
    HttpHandler::Admission admission;
    if (head.path == "/no") admission.refuse = problem(401, "who", "no");
    return admission;
  };
  front.start();
  const std::string head = "Host: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  SECTION("admitted") {
    RawClient client(front.port());
    client.send("POST /yes HTTP/1.1\r\n" + head);
    CHECK(client.receive(true)->status == 100);
    client.send("hello");
    CHECK(client.receive()->body == "POST /yes a hello");
  }
  SECTION("refused") {
    RawClient client(front.port());
    client.send("POST /no HTTP/1.1\r\n" + head);
    const auto response = client.receive();
    CHECK(response->status == 401);
    CHECK(response->header("Connection") == "close");
    client.send("hello");
    CHECK(client.closedByServer());
  }
}

TEST_CASE("the go-ahead waits behind the answers owed before it") {
  Front front;
  Shelf shelf(front);
  front.start();
  RawClient client(front.port());
  client.send(get("/first"));
  std::vector<Waiting> first = shelf.wait(1);
  client.send("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  CHECK(front.eventually([](const HttpServerStats& now) { return now.requests_total == 2; }));
  first[0].responder->reply(echo(first[0].request));
  CHECK(client.receive()->body == "GET /first a ");
  CHECK(client.receive(true)->status == 100);
  client.send("x");
  std::vector<Waiting> second = shelf.wait(1);
  second[0].responder->reply(echo(second[0].request));
  CHECK(client.receive()->body == "POST /b a x");
}

TEST_CASE("a body over its limit is refused before it is sent") {
  Front front;
  front.handler.on_admit = [](const HttpRequest&) {
    HttpHandler::Admission admission;
    admission.body_bytes_max = 10;
    return admission;
  };
  front.start();
  SECTION("by its length") {
    RawClient client(front.port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
    CHECK(client.receive()->status == 413);
    CHECK(client.closedByServer());
  }
  SECTION("by the chunk that would exceed it") {
    RawClient client(front.port());
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n3\r\n");
    CHECK(client.receive()->status == 413);
    CHECK(client.closedByServer());
  }
  SECTION("and one that just fits is served") {
    RawClient client(front.port());
    client.send(post("/", "0123456789"));
    CHECK(client.receive()->body == "POST / a 0123456789");
  }
  CHECK(front.handler.targetsSeen().size() <= 1);
}

TEST_CASE("bodies under way hold no more memory than allowed, and what they held comes back") {
  HttpServerOptions options;
  options.partial_bodies_bytes_max = 300'000;
  Front front(options);
  front.start();
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<RawClient>(front.port()));
    clients.back()->send(head + std::string(100'000, 'x'));
  }
  CHECK(front.eventually([](const auto& stats) { return stats.shed_total >= 1; }));
  CHECK(front.alive());  // a request that is here at once needs none of it
  size_t refused = 0;
  for (const auto& client : clients) {
    client->send(std::string(100'000, 'x'));
    const auto response = client->receive();
    REQUIRE(response);
    CHECK((response->status == 503 || response->status == 200));
    refused += response->status == 503;
  }
  CHECK(refused >= 1);
  CHECK(refused < clients.size());
  clients.clear();
  for (int i = 0; i < 3; ++i) {  // one after the other all fit: nothing is counted twice
    RawClient client(front.port());
    client.send(head + std::string(100'000, 'x'));
    client.send(std::string(100'000, 'x'));
    CHECK(client.receive()->status == 200);
  }
}

TEST_CASE("the refusal of a large upload can be read while the client still sends") {
  Front front;
  front.start();
  RawClient client(front.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
  client.send(std::string(3'000'000, 'x'));
  const auto response = client.receive();
  REQUIRE(response);
  CHECK(response->status == 413);
}

TEST_CASE("a request refused by the handler keeps the connection if its body is here") {
  Front front;
  front.handler.on_admit = [](const HttpRequest& head) {
    HttpHandler::Admission admission;
    if (head.path == "/no") admission.refuse = problem(404, "nothing-here", "no such thing");
    return admission;
  };
  front.start();
  RawClient client(front.port());
  client.send(post("/no", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n") + get("/yes"));
  CHECK(client.receive()->status == 404);
  CHECK(client.receive()->body == "GET /yes a ");
  client.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + get("/smuggled"));
  CHECK(client.receive()->status == 404);
  CHECK(client.closedByServer());
  CHECK(front.handler.targetsSeen() == std::vector<std::string>{"/yes"});
}

TEST_CASE("connections stay or end as the client asks") {
  Front front;
  front.start();
  SECTION("HTTP/1.1 stays") {
    RawClient client(front.port());
    for (int i = 0; i < 3; ++i) {
      client.send(get("/"));
      CHECK(client.receive()->header("Connection").empty());
    }
  }
  SECTION("HTTP/1.1 with close ends") {
    RawClient client(front.port());
    client.send(get("/", "Connection: close\r\n") + get("/smuggled"));
    CHECK(client.receive()->header("Connection") == "close");
    CHECK(client.closedByServer());
    CHECK(front.handler.targetsSeen().size() == 1);
  }
  SECTION("HTTP/1.0 ends") {
    RawClient client(front.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    CHECK(client.receive()->header("Connection") == "close");
    CHECK(client.closedByServer());
  }
  SECTION("HTTP/1.0 with keep-alive stays") {
    RawClient client(front.port());
    for (int i = 0; i < 2; ++i) {
      client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      CHECK(client.receive()->header("Connection") == "keep-alive");
    }
  }
}

TEST_CASE("a client that ends its side still gets its answers") {
  Front front;
  Shelf shelf(front);
  front.start();
  RawClient client(front.port());
  client.send(get("/1") + get("/2"));
  client.endSending();
  for (Waiting& one : shelf.wait(2)) one.responder->reply(echo(one.request));
  CHECK(client.receive()->body == "GET /1 a ");
  CHECK(client.receive()->body == "GET /2 a ");
  CHECK(client.closedByServer());
}

TEST_CASE("an answer to HEAD has the length but no body") {
  Front front;
  front.start();
  RawClient client(front.port());
  client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + get("/y"));
  const auto head = client.receive(true);
  CHECK(head->status == 200);
  CHECK(head->header("Content-Length") == "10");
  CHECK(client.receive()->body == "GET /y a ");
}

TEST_CASE("answers without content have neither body nor length") {
  Front front;
  front.handler.on_handle = [](HttpRequest, ResponderPtr responder) {
    responder->reply({204, {}, "ignored"});
  };
  front.start();
  RawClient client(front.port());
  client.send(get("/") + get("/"));
  for (int i = 0; i < 2; ++i) {
    const auto response = client.receive();
    CHECK(response->status == 204);
    CHECK(response->header("Content-Length").empty());
  }
}

TEST_CASE("a response that would break out of its header is replaced by 500") {
  Front front;
  HttpResponse unfit{200, {}, "x"};
  front.handler.on_handle = [&unfit](HttpRequest, ResponderPtr responder) {
    responder->reply(unfit);
  };
  SECTION("line break in a value") {
    unfit.headers = {{"X", "a\r\nSet-Cookie: b"}};
  }
  SECTION("bare LF in a value") {
    unfit.headers = {{"X", "a\nb"}};
  }
  SECTION("line break in a name") {
    unfit.headers = {{"X\r\nY", "a"}};
  }
  SECTION("colon in a name") {
    unfit.headers = {{"X:Y", "a"}};
  }
  SECTION("empty name") {
    unfit.headers = {{"", "a"}};
  }
  SECTION("NUL in a value") {
    unfit.headers = {{"X", std::string("a\0b", 3)}};
  }
  SECTION("a status that is none") {
    unfit.status = 99;
  }
  SECTION("an interim status") {
    unfit.status = 100;
  }
  front.start();
  RawClient client(front.port());
  client.send(get("/"));
  const auto response = client.receive();
  CHECK(response->status == 500);
  CHECK(response->header("Set-Cookie").empty());
  CHECK(client.closedByServer());
}

TEST_CASE("after an unfit response nothing else is sent, also to requests already begun") {
  Front front;
  Shelf shelf(front);
  front.start();
  RawClient client(front.port());
  client.send(get("/1") + get("/2") + get("/3"));
  std::vector<Waiting> waiting = shelf.wait(3);
  waiting[1].responder->reply(echo(waiting[1].request));
  waiting[0].responder->reply({200, {{"X", "a\nb"}}, ""});
  CHECK(client.receive()->status == 500);
  CHECK(client.closedByServer());
  waiting[2].responder->reply(echo(waiting[2].request));
  CHECK(front.eventually([](const HttpServerStats& now) { return now.connections_open == 0; }));
}

TEST_CASE("framing headers of a response are the server's alone") {
  Front front;
  front.handler.on_handle = [](HttpRequest, ResponderPtr responder) {
    responder->reply({200,
                      {{"content-length", "99"},
                       {"Transfer-Encoding", "chunked"},
                       {"Connection", "close"},
                       {"X", "y"}},
                      "hello"});
  };
  front.start();
  RawClient client(front.port());
  for (int i = 0; i < 2; ++i) {
    client.send(get("/"));
    const auto response = client.receive();
    REQUIRE(response);
    CHECK(response->body == "hello");
    CHECK(response->header("Content-Length") == "5");
    CHECK(response->header("Transfer-Encoding").empty());
    CHECK(response->header("X") == "y");
  }
}

TEST_CASE("a request whose responder is dropped gets 500, and only the first reply counts") {
  Front front;
  front.handler.on_handle = [](HttpRequest request, ResponderPtr responder) {
    if (request.path == "/drop") return;
    responder->reply(echo(request));
    responder->reply({503, {}, "late"});
  };
  front.start();
  RawClient client(front.port());
  client.send(get("/drop") + get("/twice") + get("/drop"));
  CHECK(client.receive()->status == 500);
  CHECK(client.receive()->body == "GET /twice a ");
  CHECK(client.receive()->status == 500);
}

TEST_CASE("a handler that throws costs one request, not the server") {
  Front front;
  front.handler.on_handle = [](HttpRequest, ResponderPtr) { throw std::runtime_error("boom"); };
  front.start();
  RawClient client(front.port());
  client.send(get("/1") + get("/2"));
  CHECK(client.receive()->status == 500);
  CHECK(client.receive()->status == 500);
}

TEST_CASE("a handler that throws while admitting costs one request") {
  Front front;
  front.handler.on_admit = [](const HttpRequest& head) -> HttpHandler::Admission {
    if (head.path == "/bad") throw std::runtime_error("boom");
    return {};
  };
  front.start();
  RawClient client(front.port());
  client.send(get("/bad") + get("/good"));
  CHECK(client.receive()->status == 500);
  CHECK(client.receive()->body == "GET /good a ");
}

TEST_CASE("a reply to a client that has gone is dropped") {
  Front front;
  Shelf shelf(front);
  front.start();
  std::vector<Waiting> waiting;
  {
    RawClient client(front.port());
    client.send(get("/"));
    waiting = shelf.wait(1);
  }
  waiting[0].responder->reply(echo(waiting[0].request));
  CHECK(front.eventually([](const HttpServerStats& now) { return now.connections_open == 0; }));
}

TEST_CASE("a reply after the server has gone is dropped") {
  Front front;
  Shelf shelf(front);
  front.start();
  RawClient client(front.port());
  client.send(get("/"));
  std::vector<Waiting> waiting = shelf.wait(1);
  front.stop();
  waiting[0].responder->reply(echo(waiting[0].request));
  CHECK(client.closedByServer());
}

TEST_CASE("connections over the caps are closed, and the place becomes free again") {
  HttpServerOptions options;
  SECTION("in all") {
    options.connections_max = 3;
  }
  SECTION("per address") {
    options.connections_per_address_max = 3;
  }
  Front front(options);
  front.start();
  auto first = std::make_unique<RawClient>(front.port());
  RawClient second(front.port());
  RawClient third(front.port());
  CHECK(front.eventually([](const HttpServerStats& now) { return now.connections_open == 3; }));
  RawClient fourth(front.port());
  CHECK(fourth.closedByServer());
  CHECK(front.server().stats().connections_refused == 1);
  first.reset();
  CHECK(front.eventually([](const HttpServerStats& now) { return now.connections_open == 2; }));
  CHECK(front.alive());
}

TEST_CASE("drain answers what was begun and refuses what is new") {
  Front front;
  Shelf shelf(front);
  front.start();
  RawClient waiting_client(front.port());
  RawClient half_sent(front.port());
  RawClient idle(front.port());
  waiting_client.send(get("/begun"));
  half_sent.send("POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
  std::vector<Waiting> begun = shelf.wait(1);
  CHECK(front.eventually([](const HttpServerStats& now) {
    return now.requests_total == 2 && now.connections_open == 3;
  }));
  std::atomic<bool> drained{false};
  Thread draining("drain", [&] {
    front.server().drain(60'000);
    drained = true;
  });
  CHECK(idle.closedByServer());
  CHECK_THROWS(RawClient(front.port()));
  CHECK_FALSE(drained);
  begun[0].responder->reply(echo(begun[0].request));
  const auto answer = waiting_client.receive();
  REQUIRE(answer);
  CHECK(answer->body == "GET /begun a ");
  CHECK(answer->header("Connection") == "close");
  half_sent.send("dy");
  std::vector<Waiting> half = shelf.wait(1);
  half[0].responder->reply(echo(half[0].request));
  CHECK(half_sent.receive()->body == "POST /half a body");
  CHECK(waiting_client.closedByServer());
  CHECK(half_sent.closedByServer());
  draining.join();
  CHECK(drained);
}

TEST_CASE("drain cuts off at its deadline") {
  Front front;
  Shelf shelf(front);
  front.start();
  RawClient client(front.port());
  client.send(get("/"));
  std::vector<Waiting> waiting = shelf.wait(1);
  front.server().drain(30);
  CHECK(client.closedByServer());
  CHECK(front.server().stats().connections_open == 0);
}

TEST_CASE("a large answer arrives whole at a client that reads late") {
  Front front;
  const std::string large(20'000'000, 'z');
  front.handler.on_handle = [&large](HttpRequest, ResponderPtr responder) {
    responder->reply({200, {}, large});
  };
  front.start();
  RawClient client(front.port(), 8192);
  client.send(get("/") + get("/"));
  for (int i = 0; i < 2; ++i) {
    const auto response = client.receive();
    REQUIRE(response);
    CHECK(response->body == large);
  }
}

TEST_CASE("an address in use or unknown is an error, not a crash") {
  Front front;
  front.start();
  junctor::testing::ScriptedHandler handler;
  HttpServerOptions options;
  options.address = front.server().address();
  CHECK_FALSE(startHttpServer(options, handler, junctor::systemClock()));
  options.address = "no such address";
  CHECK_FALSE(startHttpServer(options, handler, junctor::systemClock()));
}
