// The process is killed before each durable step of a rotation in turn, by SIGKILL to itself in a
// child; what is left must be readable as it is, and the next rotation must finish it.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/vault/vault_house.h"

namespace junctor::vault::testing {
namespace {

constexpr int kTenants = 3, kFields = 3;

SecretName place(int tenant, int field) {
  return nameOf("f" + std::to_string(field), field == 0 ? "slack" : "github",
                "tenant-" + std::to_string(tenant));
}
std::string valueAt(int tenant, int field) {
  return "value " + std::to_string(tenant) + "." + std::to_string(field);
}

void fill(VaultHouse& house) {
  for (int t = 0; t < kTenants; ++t) {
    for (int f = 0; f < kFields; ++f) house.put(place(t, f), valueAt(t, f));
  }
}

void checkAll(VaultHouse& house) {
  for (int t = 0; t < kTenants; ++t) {
    for (int f = 0; f < kFields; ++f) CHECK(house.read(place(t, f)) == valueAt(t, f));
  }
}

using Rotate = Result<Rotation> (*)(Vault&);
Result<Rotation> rotateTenant(Vault& vault) {
  return vault.rotateTenantKey("tenant-1");
}
Result<Rotation> rotateFile(Vault& vault) {
  return vault.rotateFileKey(true);
}

// In a child: opens, rotates, is killed before durable step `step`. True: it was not reached.
bool rotateUntil(VaultHouse& house, Rotate rotate, int step) {
  house.close();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int steps = 0;
    const auto before = [&] {
      if (steps++ == step) ::kill(::getpid(), SIGKILL);
    };
    const bool ok = house.tryOpen(before) && rotate(*house.vault);
    ::_exit(ok ? 0 : 3);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return false;
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  return true;
}

int killAtEachStep(Rotate rotate) {
  for (int step = 0;; ++step) {
    INFO("killed before step " << step);
    VaultHouse house;
    fill(house);
    if (rotateUntil(house, rotate, step)) return step;
    house.reopen();
    checkAll(house);
    const auto finished = rotate(*house.vault);
    REQUIRE(finished);
    CHECK_FALSE(house.vault->status()->unfinished);
    checkAll(house);
    house.reopen();
    checkAll(house);
  }
}

}  // namespace

TEST_CASE("a tenant's rotation killed before any step loses nothing and is finished by the next") {
  // New key, three values, old key.
  CHECK(killAtEachStep(rotateTenant) == 1 + kFields + 1);
}

TEST_CASE("a rotation of the file's key killed before any step loses nothing") {
  // New key, three tenants' keys, old key.
  CHECK(killAtEachStep(rotateFile) == 1 + kTenants + 1);
}

TEST_CASE(
    "a shredding killed before any step leaves secrets readable or gone, and ends them next") {
  for (int step = 0;; ++step) {
    INFO("killed before step " << step);
    VaultHouse house;
    fill(house);
    const Rotate forget = [](Vault& vault) -> Result<Rotation> {
      JUNCTOR_CHECK(vault.forgetTenant("tenant-1"));
      return Rotation();
    };
    const bool done = rotateUntil(house, forget, step);
    house.reopen();
    for (int f = 0; f < kFields; ++f) {
      const std::string got = house.read(place(1, f));
      CHECK((step == 0 ? got == valueAt(1, f) : got.starts_with("!")));
    }
    REQUIRE(house.vault->forgetTenant("tenant-1"));
    CHECK(house.vault->list("tenant-1", "").value().empty());
    CHECK(house.read(place(0, 1)) == valueAt(0, 1));
    if (done) break;
  }
}

}  // namespace junctor::vault::testing
