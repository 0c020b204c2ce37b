// Rotations of both kinds of keys, alone and under load.
#include <atomic>

#include "base/bytes.h"
#include "base/threads.h"
#include "unit/vault/vault_house.h"

namespace junctor::vault::testing {

TEST_CASE("a tenant's rotation seals every value anew and keeps values and fingerprints") {
  VaultHouse house;
  house.put(nameOf("a"), "1");
  house.put(nameOf("b", "slack"), "2");
  house.put(nameOf("a", "gh2", "umbrella"), "3");
  const auto before = house.vault->list("acme", "").value();
  const auto others = house.vault->list("umbrella", "").value();
  const Rotation rotated = house.vault->rotateTenantKey("acme").value();
  CHECK_FALSE(rotated.resumed);
  CHECK(rotated.changed == 2);
  CHECK(rotated.retired == 1);
  const auto after = house.vault->list("acme", "").value();
  for (size_t i = 0; i < after.size(); ++i) {
    CHECK(after[i].key_id == rotated.key_id);
    CHECK(after[i].key_id != before[i].key_id);
    CHECK(after[i].fingerprint == before[i].fingerprint);
    CHECK(after[i].updated_at_ms == before[i].updated_at_ms);  // the value did not change
  }
  CHECK(house.vault->list("umbrella", "").value()[0].key_id == others[0].key_id);
  house.reopen();
  CHECK(house.read(nameOf("a")) == "1");
  CHECK(house.read(nameOf("b", "slack")) == "2");
  CHECK(house.read(nameOf("a", "gh2", "umbrella")) == "3");
  CHECK_FALSE(house.vault->status()->unfinished);
}

TEST_CASE(
    "a rotation of the file's key wraps every tenant's key anew; the old one stays for backups") {
  VaultHouse house;
  house.put(nameOf("a"), "1");
  house.put(nameOf("a", "gh2", "umbrella"), "3");
  const std::string old_text = readFile(house.key_path).value();
  const Rotation rotated = house.vault->rotateFileKey(false).value();
  CHECK_FALSE(rotated.resumed);
  CHECK(rotated.changed == 2);
  CHECK(rotated.retired == 0);
  const KeyStatus status = house.vault->status().value();
  REQUIRE(status.file_keys.size() == 2);
  CHECK(status.file_keys[0].id == rotated.key_id);
  CHECK(status.file_keys[0].tenant_keys == 2);
  CHECK(status.file_keys[1].tenant_keys == 0);
  house.reopen();
  CHECK(house.read(nameOf("a")) == "1");
  CHECK(house.read(nameOf("a", "gh2", "umbrella")) == "3");
}

TEST_CASE("a retired key leaves the file, and what it once wrapped stays shut") {
  VaultHouse house;
  house.put(nameOf("a"), "1");
  const std::string old_text = readFile(house.key_path).value();
  const auto old_key = house.store->documents("tenant-key").value()[0];
  CHECK(house.vault->rotateFileKey(true)->retired == 1);
  CHECK(house.vault->status()->file_keys.size() == 1);
  house.reopen();
  CHECK(house.read(nameOf("a")) == "1");
  // As from a backup made before.
  REQUIRE(house.store->putDocument("tenant-key", old_key.first, old_key.second));
  CHECK(house.tryOpen().error().code == ErrorCode::NotFound);
}

TEST_CASE("a tenant without secrets has no key to rotate") {
  VaultHouse house;
  CHECK(house.vault->rotateTenantKey("acme").error().code == ErrorCode::NotFound);
  CHECK(house.vault->rotateFileKey(true)->changed == 0);
}

TEST_CASE("a credential is rotated by putting the new key first") {
  VaultHouse house;
  house.put(nameOf("a"), "1");
  const std::string old_text = readFile(house.key_path).value();
  REQUIRE(house.tryOpen({}, true));
  CHECK(house.vault->rotateFileKey(false).error().code == ErrorCode::InvalidArgument);
  const std::string new_line = toBase64(std::string(32, 'n')) + "\n";
  REQUIRE(replaceFile(house.key_path, new_line + old_text, 0400));
  const Rotation rotated = house.vault->rotateFileKey(false).value();
  CHECK(rotated.changed == 1);
  REQUIRE(replaceFile(house.key_path, new_line, 0400));
  REQUIRE(house.tryOpen({}, true));
  CHECK(house.read(nameOf("a")) == "1");
}

TEST_CASE("a new key file without the old key is refused, and nothing changes") {
  VaultHouse house;
  house.put(nameOf("a"), "1");
  REQUIRE(replaceFile(house.key_path, toBase64(std::string(32, 'n')), 0600));
  CHECK(house.vault->rotateFileKey(false).error().code == ErrorCode::NotFound);
  CHECK(house.read(nameOf("a")) == "1");
}

TEST_CASE("a value that does not open is left as it is, and its key with it") {
  VaultHouse house;
  house.put(nameOf("a"), "1");
  const std::string record = house.store->documents("secret/acme/github").value()[0].second;
  REQUIRE(house.store->putDocument("secret/acme/github", "moved", record));
  CHECK(house.vault->rotateTenantKey("acme").error().code == ErrorCode::DataLoss);
  CHECK(house.read(nameOf("a")) == "1");
  CHECK(house.vault->status()->unfinished);
  REQUIRE(house.vault->remove(nameOf("moved")));
  CHECK(house.vault->rotateTenantKey("acme")->resumed);
  CHECK_FALSE(house.vault->status()->unfinished);
  CHECK(house.read(nameOf("a")) == "1");
}

TEST_CASE("under load every read finds its value while both keys rotate, again and again") {
  VaultHouse house;
  constexpr int kFields = 4;
  const auto valueOf = [](int field, int round) {
    return std::to_string(field) + ":" + std::to_string(round);
  };
  for (int i = 0; i < kFields; ++i) house.put(nameOf("f" + std::to_string(i)), valueOf(i, 0));
  std::atomic<bool> over = false;
  std::atomic<int> reads = 0, wrong = 0, failed_writes = 0;
  const auto reader = [&] {
    while (!over) {
      for (int i = 0; i < kFields; ++i) {
        const std::string got = house.read(nameOf("f" + std::to_string(i)));
        if (!got.starts_with(std::to_string(i) + ":")) ++wrong;
        ++reads;
      }
    }
  };
  const auto writer = [&] {
    for (int round = 1; !over; ++round) {
      for (int i = 0; i < kFields; ++i) {
        if (!house.vault->put(nameOf("f" + std::to_string(i)), valueOf(i, round))) ++failed_writes;
      }
    }
  };
  {
    Thread a("reader-a", reader), b("reader-b", reader), c("writer", writer);
    for (int round = 0; round < 10; ++round) {
      const auto tenant = house.vault->rotateTenantKey("acme");
      const auto file = house.vault->rotateFileKey(true);
      CHECK(tenant.has_value());
      CHECK(file.has_value());
    }
    while (reads < 100) {
    }
    over = true;
  }
  CHECK(wrong == 0);
  CHECK(failed_writes == 0);
  CHECK_FALSE(house.vault->status()->unfinished);
}

}  // namespace junctor::vault::testing
