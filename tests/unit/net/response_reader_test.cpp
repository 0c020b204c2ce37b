#include "net/response_reader.h"

#include <catch2/catch.hpp>

namespace junctor::net {
namespace {

// How one answer reads, in pieces of `piece` bytes, with the end of the connection behind it.
struct Reading {
  bool whole = false;
  int status = 0;
  std::string body;
  bool keep_alive = false;
  ErrorCode code = ErrorCode::Internal;
};

Reading readingOf(const std::string& bytes, size_t piece, bool head_request = false) {
  ResponseReader reader;
  reader.reset(head_request, 1000);
  auto state = ResponseReader::State::NeedMore;
  for (size_t at = 0; at < bytes.size() && state == ResponseReader::State::NeedMore; at += piece) {
    state = reader.read(std::string_view(bytes).substr(at, piece));
  }
  if (state == ResponseReader::State::NeedMore) state = reader.end();
  if (state == ResponseReader::State::Failed) return {false, 0, "", false, reader.error().code};
  return {true, reader.response().status, reader.response().body, reader.keepAlive(),
          ErrorCode::Internal};
}

// The same, whole and in every small piece: the outcome must not depend on it.
Reading reading(const std::string& bytes, bool head_request = false) {
  const Reading whole = readingOf(bytes, bytes.size() + 1, head_request);
  for (const size_t piece : {1U, 2U, 3U, 7U}) {
    const Reading pieces = readingOf(bytes, piece, head_request);
    CHECK(pieces.whole == whole.whole);
    CHECK(pieces.status == whole.status);
    CHECK(pieces.body == whole.body);
    CHECK(pieces.code == whole.code);
  }
  return whole;
}

}  // namespace

TEST_CASE("an answer reads the same in pieces of any size") {
  const auto fixed = reading("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(fixed.body == "hello");
  CHECK(fixed.keep_alive);
  const auto chunked = reading(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
  CHECK(chunked.body == "hello");
  CHECK(chunked.keep_alive);
  const auto until_close = reading("HTTP/1.1 200 OK\r\n\r\nhello");
  CHECK(until_close.body == "hello");
  CHECK_FALSE(until_close.keep_alive);
}

TEST_CASE("forms of the head that are in use are read") {
  CHECK(reading("HTTP/1.1 204\r\n\r\n").status == 204);
  CHECK(reading("HTTP/1.1 204 \r\n\r\n").status == 204);
  CHECK(reading("HTTP/1.1 200 A long reason\nContent-Length:2\n\nok").body == "ok");
  CHECK(reading("HTTP/1.1 200 OK\r\nX-Empty:\r\nContent-Length: \t2 \r\n\r\nok").body == "ok");
  CHECK(reading("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok").body ==
        "ok");
  CHECK_FALSE(reading("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").keep_alive);
  CHECK_FALSE(
      reading("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok").keep_alive);
}

TEST_CASE("interim answers are passed over, and 101 is final") {
  const auto late = reading(
      "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!");
  CHECK(late.status == 200);
  CHECK(late.body == "!");
  const auto switched = reading("HTTP/1.1 101 Switching\r\n\r\n");
  CHECK(switched.status == 101);
  CHECK_FALSE(switched.keep_alive);
}

TEST_CASE("answers that have no body have none, whatever their fields say") {
  CHECK(reading("HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n").whole);
  CHECK(reading("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n").whole);
  CHECK(reading("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", true).whole);
}

TEST_CASE("bytes behind an answer end the connection's use") {
  const auto extra = reading("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  CHECK(extra.keep_alive);
  CHECK_FALSE(
      readingOf("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200", 1000).keep_alive);
  CHECK_FALSE(readingOf("HTTP/1.1 204 No\r\n\r\nx", 1000).keep_alive);
}

TEST_CASE("a cut or ambiguous answer is never a whole one") {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::pair<std::string, ErrorCode> cases[] = {
      {"", ErrorCode::Unavailable},
      {"HTTP/1.1 200 OK\r\nContent-Le", ErrorCode::Unavailable},
      {ok + "Content-Length: 3\r\n\r\nab", ErrorCode::DataLoss},
      {ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", ErrorCode::DataLoss},
      {ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", ErrorCode::DataLoss},
      {ok + "Content-Length: 3, 3\r\n\r\nabc", ErrorCode::DataLoss},
      {ok + "Content-Length: +3\r\n\r\nabc", ErrorCode::DataLoss},
      {ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       ErrorCode::DataLoss},
      {ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", ErrorCode::DataLoss},
      {ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       ErrorCode::DataLoss},
      {ok + "Name\r\n\r\n", ErrorCode::DataLoss},
      {ok + "Na me: x\r\n\r\n", ErrorCode::DataLoss},
      {ok + "Name : x\r\n\r\n", ErrorCode::DataLoss},
      {ok + " folded: x\r\n\r\n", ErrorCode::DataLoss},
      {ok + std::string("X: a\0b\r\n\r\n", 10), ErrorCode::DataLoss},
      {"HTTP/2 200\r\n\r\n", ErrorCode::DataLoss},
      {"HTTP/1.1 2000 OK\r\n\r\n", ErrorCode::DataLoss},
      {"HTTP/1.1 20 OK\r\n\r\n", ErrorCode::DataLoss},
      {"HTTP/1.1 099 OK\r\n\r\n", ErrorCode::DataLoss},
      {"HTTP/1.1  200 OK\r\n\r\n", ErrorCode::DataLoss},
      {"http/1.1 200 OK\r\n\r\n", ErrorCode::DataLoss},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", ErrorCode::DataLoss},
      {"220 smtp.example ESMTP\r\n", ErrorCode::DataLoss},
      {ok + "Content-Length: 1001\r\n\r\n", ErrorCode::ResourceExhausted},
      {ok + "\r\n" + std::string(1001, 'x'), ErrorCode::ResourceExhausted},
      {ok + "X: " + std::string(40'000, 'x') + "\r\n\r\n", ErrorCode::ResourceExhausted},
  };
  for (const auto& [bytes, code] : cases) {
    INFO(bytes.substr(0, 100));
    const Reading result = reading(bytes);
    CHECK_FALSE(result.whole);
    CHECK(result.code == code);
  }
}

}  // namespace junctor::net
