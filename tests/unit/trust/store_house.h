#pragma once
// An install store in a folder of its own, a root it trusts, and a publisher under that root.
#include <unistd.h>

#include <filesystem>

#include "support/manual_clock.h"
#include "support/temp_folder.h"
#include "unit/trust/trust_house.h"

namespace junctor::testing {

struct StoreHouse {
  TempFolder temp;
  ManualClock clock;
  Signer root, acme;
  trust::StoreSettings settings;

  StoreHouse() {
    settings.folder = temp.path() + "/data/connectors";
    settings.roots = {root.key.publicKey()};
  }

  const std::string& folder() const { return settings.folder; }
  // A new one each time, as another process would open it.
  trust::InstallStore store() const { return {settings, clock}; }

  std::string signedShop(const std::string& version, const std::string& capabilities = "{}",
                         const std::string& code = "code") const {
    return signedBytes(bundle("com.acme.shop", version, capabilities, code), acme,
                       acme.by(root, "com.acme", trust::Level::Verified));
  }
  Result<trust::Offer> install(const std::string& version, const std::string& capabilities = "{}",
                               const trust::InstallOptions& options = {}) const {
    return store().install(signedShop(version, capabilities), options);
  }
  std::string bundlePath(const std::string& version) const {
    return folder() + "/" + bundle("com.acme.shop", version).digest + ".bundle";
  }
  size_t bundleFiles() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      count += entry.path().extension() == ".bundle" ? 1 : 0;
    }
    return count;
  }
};

inline std::string contentOf(const Descriptor& file) {
  std::string bytes(4096, '\0');
  const ssize_t size = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return bytes;
}

}  // namespace junctor::testing
