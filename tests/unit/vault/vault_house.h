#pragma once
// A vault over a real store on disk, which can be closed and opened again.
#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "base/files.h"
#include "store/store.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"
#include "vault/vault.h"

namespace junctor::vault::testing {

using junctor::testing::ManualClock;
using junctor::testing::TempFolder;

struct VaultHouse {
  TempFolder folder;
  ManualClock clock;
  std::string key_path = folder.path() + "/vault.key";
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Vault> vault;

  VaultHouse() { reopen(); }

  void close() {
    vault.reset();
    store.reset();
  }
  Result<void> tryOpen(std::function<void()> before_write = {}, bool credential = false) {
    close();
    store::StoreOptions options;
    options.data_dir = folder.path();
    JUNCTOR_TRY(store, store::open("sqlite", options, clock));
    JUNCTOR_TRY(vault, Vault::open(*store,
                                   {.key = {key_path, !credential, credential},
                                    .before_write = std::move(before_write)},
                                   clock));
    return {};
  }
  void reopen(std::function<void()> before_write = {}) {
    const auto opened = tryOpen(std::move(before_write));
    if (!opened) FAIL(describe(opened.error()));
  }
  void put(const SecretName& name, const std::string& value) {
    const auto done = vault->put(name, value);
    if (!done) FAIL(describe(done.error()));
  }
  // The value, or "!" and the error's class.
  std::string read(const SecretName& name) {
    std::string text;
    const auto done = vault->withSecret(name, [&](std::string_view value) -> Result<void> {
      text = value;
      return {};
    });
    return done ? text : "!" + std::string(toString(done.error().code));
  }
};

inline SecretName nameOf(const std::string& field, const std::string& owner = "github",
                         const std::string& tenant = "acme") {
  return {tenant, owner, field};
}

}  // namespace junctor::vault::testing
