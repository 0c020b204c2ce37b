#include "vault/vault.h"

#include <filesystem>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "unit/vault/vault_house.h"

namespace junctor::vault::testing {
namespace {

std::string documentOf(store::Store& store, const std::string& kind, const std::string& key) {
  const auto documents = store.documents(kind);
  for (const auto& [name, json] : documents.value()) {
    if (name == key) return json;
  }
  return "";
}

}  // namespace

TEST_CASE("a secret is read as it was put, also after a restart") {
  VaultHouse house;
  house.put(nameOf("token"), "s3cret\n with \xff bytes");
  CHECK(house.read(nameOf("token")) == "s3cret\n with \xff bytes");
  house.reopen();
  CHECK(house.read(nameOf("token")) == "s3cret\n with \xff bytes");
  house.put(nameOf("token"), "another");
  CHECK(house.read(nameOf("token")) == "another");
}

TEST_CASE("a secret of one place is not read at another") {
  VaultHouse house;
  house.put(nameOf("token"), "s3cret");
  CHECK(house.read(nameOf("other")) == "!not_found");
  CHECK(house.read(nameOf("token", "slack")) == "!not_found");
  CHECK(house.read(nameOf("token", destinationOwner("github"))) == "!not_found");
  CHECK(house.read(nameOf("token", "github", "umbrella")) == "!not_found");
}

TEST_CASE("a record that was moved to another field, owner or tenant does not open") {
  VaultHouse house;
  house.put(nameOf("token"), "s3cret");
  house.put(nameOf("mine", "gh2", "umbrella"), "mine");
  const std::string record = documentOf(*house.store, "secret/acme/github", "token");
  REQUIRE_FALSE(record.empty());
  REQUIRE(house.store->putDocument("secret/acme/github", "field", record));
  REQUIRE(house.store->putDocument("secret/acme/slack", "token", record));
  REQUIRE(house.store->putDocument("secret/umbrella/gh2", "token", record));
  CHECK(house.read(nameOf("field")) == "!data_loss");
  CHECK(house.read(nameOf("token", "slack")) == "!data_loss");
  CHECK(house.read(nameOf("token", "gh2", "umbrella")) == "!data_loss");
  CHECK(house.read(nameOf("token")) == "s3cret");
}

TEST_CASE("a damaged record is an error, never another value") {
  VaultHouse house;
  house.put(nameOf("token"), "s3cret");
  Json record = parseJson(documentOf(*house.store, "secret/acme/github", "token")).value();
  std::string sealed = fromBase64(record["sealed"].get<std::string>()).value();
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  record["sealed"] = toBase64(sealed);
  REQUIRE(house.store->putDocument("secret/acme/github", "token", dumpJson(record)));
  CHECK(house.read(nameOf("token")) == "!data_loss");
  for (const char* text : {"{}", "[]", "nonsense", R"({"v":2})"}) {
    REQUIRE(house.store->putDocument("secret/acme/github", "token", text));
    CHECK(house.read(nameOf("token")) == "!data_loss");
  }
}

TEST_CASE("a list tells fingerprints and times, by which equal values show, and no value") {
  VaultHouse house;
  house.put(nameOf("a"), "the same");
  house.clock.jump(std::chrono::seconds(1));
  house.put(nameOf("b", "slack"), "the same");
  house.put(nameOf("c", "slack"), "different");
  house.put(nameOf("a", "gh2", "umbrella"), "the same");
  const auto all = house.vault->list("acme", "").value();
  REQUIRE(all.size() == 3);
  CHECK(all[0].name.field == "a");
  CHECK(all[0].fingerprint.size() == 12);
  CHECK(all[0].fingerprint == all[1].fingerprint);
  CHECK(all[1].fingerprint != all[2].fingerprint);
  CHECK(all[1].created_at_ms == all[0].created_at_ms + 1000);
  CHECK(house.vault->list("umbrella", "").value()[0].fingerprint != all[0].fingerprint);
  CHECK(all[0].fingerprint != crypto::sha256Hex("the same").substr(0, 12));
  CHECK(house.vault->list("acme", "slack").value().size() == 2);
  CHECK(house.vault->list("nobody", "").value().empty());
}

TEST_CASE("a removed secret is gone, and its owner with the last one") {
  VaultHouse house;
  house.put(nameOf("a"), "1");
  house.put(nameOf("b"), "2");
  REQUIRE(house.vault->remove(nameOf("a")));
  CHECK(house.read(nameOf("a")) == "!not_found");
  CHECK(house.read(nameOf("b")) == "2");
  CHECK(house.vault->remove(nameOf("a")).error().code == ErrorCode::NotFound);
  REQUIRE(house.vault->remove(nameOf("b")));
  CHECK(house.store->documents("secret-owner").value().empty());
}

TEST_CASE("a shredded tenant's secrets do not open, not even from records that were kept") {
  VaultHouse house;
  house.put(nameOf("token"), "s3cret");
  house.put(nameOf("token", "gh2", "umbrella"), "other");
  const std::string record = documentOf(*house.store, "secret/acme/github", "token");
  REQUIRE(house.vault->forgetTenant("acme"));
  CHECK(house.read(nameOf("token")) == "!not_found");
  CHECK(house.vault->list("acme", "").value().empty());
  REQUIRE(house.store->putDocument("secret/acme/github", "token", record));
  CHECK(house.read(nameOf("token")) == "!data_loss");
  house.reopen();
  CHECK(house.read(nameOf("token")) == "!data_loss");
  CHECK(house.read(nameOf("token", "gh2", "umbrella")) == "other");
  REQUIRE(house.vault->forgetTenant("acme"));  // again: nothing to do
}

TEST_CASE("a tenant that comes back starts with a new key and without remains") {
  VaultHouse house;
  house.put(nameOf("old"), "s3cret");
  const std::string record = documentOf(*house.store, "secret/acme/github", "old");
  REQUIRE(house.vault->forgetTenant("acme"));
  REQUIRE(house.store->putDocument("secret/acme/github", "old", record));
  REQUIRE(house.store->putDocument("secret-owner", "acme/github", "{}"));
  house.reopen();
  house.put(nameOf("new"), "fresh");
  CHECK(house.read(nameOf("new")) == "fresh");
  const auto all = house.vault->list("acme", "").value();
  REQUIRE(all.size() == 1);
  CHECK(all[0].name.field == "new");
}

TEST_CASE("names and sizes beyond the limits are refused") {
  VaultHouse house;
  for (const auto& name :
       {nameOf(""), nameOf("a/b"), nameOf("a b"), nameOf(std::string(65, 'a')), nameOf("a", ""),
        nameOf("a", "x/y"), nameOf("a", "destination/"), nameOf("a", "github", ""),
        nameOf("a", "github", "ac/me"), nameOf("a", "github", "ac me")}) {
    CHECK(house.vault->put(name, "v").error().code == ErrorCode::InvalidArgument);
    CHECK(house.read(name) == "!invalid_argument");
  }
  CHECK(house.vault->put(nameOf("a"), "").error().code == ErrorCode::InvalidArgument);
  const std::string most(limits::kSecretBytesMax, 's');
  house.put(nameOf("a"), most);
  CHECK(house.read(nameOf("a")) == most);
  const auto beyond = house.vault->put(nameOf("a"), most + "s");
  CHECK(beyond.error().code == ErrorCode::ResourceExhausted);
  CHECK(beyond.error().message.find("sss") == std::string::npos);
}

TEST_CASE("an owner has so many fields and no more, and replacing one is no more") {
  VaultHouse house;
  for (size_t i = 0; i < limits::kSecretsPerOwnerMax; ++i) {
    house.put(nameOf("f" + std::to_string(i)), "v");
  }
  CHECK(house.vault->put(nameOf("more"), "v").error().code == ErrorCode::ResourceExhausted);
  house.put(nameOf("f0"), "w");
  house.put(nameOf("more", "slack"), "v");
}

TEST_CASE("a key that has sealed enough is followed by a new one") {
  VaultHouse house;
  house.put(nameOf("a"), "1");
  const auto keys = house.store->documents("tenant-key").value();
  Json record = parseJson(keys[0].second).value();
  record["seals"] = limits::kSealsPerKeyMax;
  REQUIRE(house.store->putDocument("tenant-key", keys[0].first, dumpJson(record)));
  house.reopen();
  house.put(nameOf("b"), "2");
  const auto all = house.vault->list("acme", "").value();
  CHECK(all[0].key_id != all[1].key_id);
  CHECK(house.read(nameOf("a")) == "1");
  CHECK(house.read(nameOf("b")) == "2");
  const auto rotated = house.vault->rotateTenantKey("acme").value();  // the old one goes
  CHECK(rotated.resumed);
  CHECK(rotated.changed == 1);
  CHECK(rotated.retired == 1);
}

TEST_CASE("seals are counted ahead, so that a crash forgets none") {
  VaultHouse house;
  house.put(nameOf("a"), "1");
  CHECK(house.vault->status()->tenant_keys[0].seals == limits::kSealsReserved);
  house.reopen();
  house.put(nameOf("a"), "2");
  CHECK(house.vault->status()->tenant_keys[0].seals == 2 * limits::kSealsReserved);
}

TEST_CASE("nothing on disk holds a secret or a key that opens it") {
  VaultHouse house;
  const std::string canary = toHex(crypto::randomBytes(24));
  house.put(nameOf("token"), canary);
  REQUIRE(house.vault->rotateTenantKey("acme"));
  house.store->flush();
  const std::string forms[] = {canary, toBase64(canary).substr(0, 24), toHex(canary),
                               percentEncode(canary)};
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(house.folder.path())) {
    if (!entry.is_regular_file()) continue;
    const std::string content = readFile(entry.path().string(), 64 << 20).value();
    for (const std::string& form : forms) CHECK(content.find(form) == std::string::npos);
    ++files;
  }
  CHECK(files >= 3);  // database, log, key
}

}  // namespace junctor::vault::testing
