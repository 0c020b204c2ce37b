#include <catch2/catch.hpp>

#include <type_traits>
#include <unordered_set>

#include "crypto/aead.h"

namespace junctor::crypto {
namespace {

const std::string kKey(32, 'k');

}  // namespace

TEST_CASE("what was sealed opens with the same key and place alone") {
  const std::string sealed = seal(kKey, "place", "the secret");
  CHECK(unseal(kKey, "place", sealed)->view() == "the secret");
  CHECK(unseal(std::string(32, 'x'), "place", sealed).error().code == ErrorCode::DataLoss);
  CHECK(unseal(kKey, "other place", sealed).error().code == ErrorCode::DataLoss);
  CHECK(unseal(kKey, "", sealed).error().code == ErrorCode::DataLoss);
}

TEST_CASE("a flipped bit anywhere in sealed bytes is refused, and so is a cut") {
  const std::string sealed = seal(kKey, "place", "the secret");
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string damaged = sealed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(unseal(kKey, "place", damaged));
  }
  for (size_t size = 0; size < sealed.size(); ++size) {
    CHECK_FALSE(unseal(kKey, "place", sealed.substr(0, size)));
  }
  CHECK_FALSE(unseal(kKey, "place", sealed + "x"));
}

TEST_CASE("nothing is sealed and opened as well") {
  CHECK(unseal(kKey, "", seal(kKey, "", ""))->empty());
}

TEST_CASE("a million seals repeat no nonce") {
  std::unordered_set<std::string> nonces;
  constexpr size_t kSeals = 1'000'000;
  nonces.reserve(kSeals);
  for (size_t i = 0; i < kSeals; ++i) nonces.insert(seal(kKey, "", "").substr(0, kAeadNonceBytes));
  CHECK(nonces.size() == kSeals);
}

TEST_CASE("HKDF makes no more than RFC 5869 allows") {
  CHECK(hkdfSha256("k", "", "", 8160)->size() == 8160);
  CHECK_FALSE(hkdfSha256("k", "", "", 8161));
  CHECK_FALSE(hkdfSha256("k", "", "", 0));
}

TEST_CASE("secret bytes move and are never copied by accident") {
  static_assert(!std::is_copy_constructible_v<SecretBytes>);
  static_assert(!std::is_copy_assignable_v<SecretBytes>);
  SecretBytes first("the secret");
  SecretBytes second = std::move(first);
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): what a move leaves is stated
  CHECK(second.view() == "the secret");
  SecretBytes third = second.copy();
  second = SecretBytes();
  CHECK(third.view() == "the secret");
  CHECK(second.empty());
}

TEST_CASE("secrets beyond the locked heap are held all the same") {
  std::vector<SecretBytes> many;
  for (int i = 0; i < 40; ++i) many.emplace_back(std::string(16 * 1024, 's'));
  for (const SecretBytes& one : many) CHECK(one.size() == 16 * 1024);
  CHECK_FALSE(many.back().locked());
  many.clear();
  CHECK(SecretBytes("s").view() == "s");
}

TEST_CASE("a wiped text leaves nothing in its memory") {
  std::string text(200, 's');
  const char* const memory = text.data();
  text.resize(100);
  wipe(text);
  CHECK(text.empty());
  CHECK(std::string_view(memory, 1).find('s') == std::string_view::npos);
  for (size_t i = 1; i < 200; ++i) CHECK(memory[i] == '\0');
}

}  // namespace junctor::crypto
