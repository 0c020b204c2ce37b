// Every case of tests/data/http over a real socket to a real server.
#include <catch2/catch.hpp>

#include "unit/net/case_file.h"
#include "unit/net/front_fixture.h"

using junctor::testing::Front;
using junctor::testing::HttpCase;
using junctor::testing::RawClient;
using junctor::testing::readHttpCases;

namespace {

constexpr const char* kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

void checkRefused(Front& front, const HttpCase& one) {
  INFO(one.name);
  const bool half_close = one.expected.ends_with(" eof");
  const size_t served_before = front.handler.targetsSeen().size();
  RawClient client(front.port());
  client.send(half_close ? one.bytes : one.bytes + kSmuggled);
  if (half_close) client.endSending();
  const auto response = client.receive();
  REQUIRE(response);
  CHECK(response->status == std::stoi(one.expected));
  CHECK(response->header("Connection") == "close");
  CHECK(response->header("Content-Type") == "application/problem+json");
  CHECK(client.closedByServer());  // and nothing beyond the one answer
  CHECK(front.handler.targetsSeen().size() == served_before);
}

std::vector<std::string> splitAnswers(const std::string& text) {
  std::vector<std::string> answers;
  size_t start = 0;
  for (size_t at = text.find(";200 "); at != text.npos; at = text.find(";200 ", start)) {
    answers.push_back(text.substr(start, at - start));
    start = at + 1;
  }
  answers.push_back(text.substr(start));
  return answers;
}

void checkServed(Front& front, const HttpCase& one, bool byte_by_byte) {
  INFO(one.name);
  RawClient client(front.port());
  if (byte_by_byte) {
    for (const char byte : one.bytes) client.send({&byte, 1});
  } else {
    client.send(one.bytes);
  }
  for (const std::string& answer : splitAnswers(one.expected)) {
    auto response = client.receive();
    REQUIRE(response);
    if (response->status == 100) response = client.receive();  // sent byte by byte: it was asked
    REQUIRE(response);
    CHECK(std::to_string(response->status) + " " + response->body == answer);
  }
  client.endSending();
  CHECK(client.closedByServer());
}

}  // namespace

TEST_CASE("a malformed or smuggling-prone request gets its one refusal and the connection ends") {
  Front front;
  front.start();
  const auto cases = readHttpCases("malformed.txt");
  REQUIRE(cases.size() >= 150);
  for (const HttpCase& one : cases) checkRefused(front, one);
  CHECK(front.alive());
  CHECK(front.server().stats().malformed_total == cases.size());
}

TEST_CASE("an unusual but valid request is served") {
  Front front;
  front.start();
  const auto cases = readHttpCases("wellformed.txt");
  REQUIRE(cases.size() >= 30);
  for (const HttpCase& one : cases) checkServed(front, one, false);
  CHECK(front.server().stats().malformed_total == 0);
}

TEST_CASE("requests mean the same when they arrive byte by byte") {
  Front front;
  front.start();
  for (const HttpCase& one : readHttpCases("wellformed.txt")) {
    if (one.bytes.size() < 1000) checkServed(front, one, true);
  }
  CHECK(front.server().stats().malformed_total == 0);
}
