// The framing alone, without sockets.
#include <catch2/catch.hpp>

#include "fuzz/request_bytes.h"
#include "net/request_syntax.h"
#include "unit/net/case_file.h"

using junctor::net::isAuthority;
using junctor::net::parseChunkLine;
using junctor::net::parseContentLength;
using junctor::net::parseTarget;
using junctor::testing::HttpCase;
using junctor::testing::readHttpCases;
using junctor::testing::RequestBytes;

namespace {

std::string readInPieces(const std::string& bytes, size_t piece) {
  RequestBytes reader;
  for (size_t at = 0; at < bytes.size(); at += piece) reader.feed(bytes.substr(at, piece));
  return reader.seen();
}

}  // namespace

TEST_CASE("requests are read alike wherever the bytes are cut") {
  for (const char* file : {"malformed.txt", "wellformed.txt"}) {
    for (const HttpCase& one : readHttpCases(file)) {
      INFO(one.name);
      const std::string whole = readInPieces(one.bytes, one.bytes.size());
      for (const size_t piece : {1, 2, 3, 7, 64, 1000}) {
        CHECK(readInPieces(one.bytes, piece) == whole);
      }
    }
  }
}

TEST_CASE("two requests cut in two at every place are read alike") {
  const std::string bytes =
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=\"y\"\r\nhello\r\n0\r\nT: u\r\n\r\n"
      "PUT /b HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc";
  const std::string whole = readInPieces(bytes, bytes.size());
  CHECK(whole == "POST /a a 2 fields: hello\nPUT /b b 2 fields: abc\n");
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    RequestBytes reader;
    reader.feed(bytes.substr(0, cut));
    reader.feed(bytes.substr(cut));
    CHECK(reader.seen() == whole);
  }
}

TEST_CASE("lengths are plain digits that fit") {
  CHECK(parseContentLength("0") == 0u);
  CHECK(parseContentLength("9999999999999999999") == 9999999999999999999ull);
  CHECK_FALSE(parseContentLength("10000000000000000000"));
  CHECK_FALSE(parseContentLength(""));
  CHECK_FALSE(parseContentLength("1 "));
}

TEST_CASE("chunk lines are plain hex with an optional extension") {
  CHECK(parseChunkLine("fFfFfFfFfFfFfFf") == 0xfffffffffffffffull);
  CHECK_FALSE(parseChunkLine("1000000000000000"));
  CHECK(parseChunkLine("a ; b") == 10u);
  CHECK_FALSE(parseChunkLine("a ;"));
  CHECK_FALSE(parseChunkLine("a;b=\"c"));
  CHECK_FALSE(parseChunkLine("a;b=\"c\\"));
}

TEST_CASE("an absolute target is taken apart") {
  const auto parts = parseTarget("https://h:1/p?q");
  REQUIRE(parts);
  CHECK(parts->target == "/p?q");
  CHECK(parts->authority == "h:1");
  CHECK_FALSE(parseTarget("https://"));
  CHECK_FALSE(parseTarget(""));
}

TEST_CASE("a host is a plain name or an address") {
  CHECK(isAuthority("hooks.example.com:443"));
  CHECK(isAuthority("[2001:db8::1]"));
  CHECK_FALSE(isAuthority("[2001:db8::1]443"));
  CHECK_FALSE(isAuthority(std::string(256, 'a')));
  CHECK_FALSE(isAuthority("a%20b"));
}
