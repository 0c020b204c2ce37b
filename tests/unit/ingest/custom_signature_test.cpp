#include "ingest/custom_signature.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

namespace junctor::testing {
namespace {

Result<void> checkedWith(const Headers& headers) {
  plugin::Manifest manifest;
  manifest.signature_headers = {"X-Mark", "X-Time"};
  return ingest::checkSignatureHeaders(manifest, headers);
}

}  // namespace

TEST_CASE("a declared signature header that is there twice is refused before anybody is asked") {
  CHECK(checkedWith({{"X-Mark", "a"}, {"X-Other", "b"}, {"X-Other", "b"}}));
  const auto twice = checkedWith({{"X-Mark", "a"}, {"x-mark", "a"}});
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == ErrorCode::Unauthenticated);
  CHECK(twice.error().message == "X-Mark is there twice");
}

TEST_CASE("a declared signature header that is too long is refused before anybody is asked") {
  CHECK(checkedWith({{"X-Time", std::string(limits::kSignatureHeaderBytesMax, 'a')}}));
  CHECK_FALSE(checkedWith({{"X-Time", std::string(limits::kSignatureHeaderBytesMax + 1, 'a')}}));
}

}  // namespace junctor::testing
