#pragma once
// InstallStore: the connectors that an operator brought in, in <data-dir>/connectors:
//   <digest>.bundle    each installed version, whole, as it came
//   index.json         what is active, what was before, what was accepted
//   trust.json         publishers that this installation believes by itself
//   revoked.json, revocations.json   what must not run: own list, a root's list
//
// Nothing in the folder is believed. Every load reads the bundle once into memory, checks its
// digest against the index, judges it anew (signature, publisher, revocations) and hands out the
// code as a sealed file in memory made of the very bytes that were checked: a file swapped later
// changes nothing, one swapped before is refused.
//
// Every change is one atomic write of one file, under a lock that other processes respect. What is
// refused changes nothing. Thread-safe: it keeps no state but its settings.
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/json.h"
#include "base/result.h"
#include "trust/bundle.h"
#include "trust/install_index.h"
#include "trust/judge.h"

namespace junctor::trust {

struct StoreSettings {
  std::string folder;                // <data-dir>/connectors
  std::vector<std::string> roots;    // raw public keys
  bool allow_unsigned = false;       // --dev
  std::vector<std::string> shipped;  // ids that are part of the package; not to be replaced
  // Looks into the code without running it: is it a connector, and is its own manifest, in the ELF
  // note, the bundle's manifest.json? (plugin::readManifest through /proc/self/fd/N)
  std::function<Result<void>(int code_fd, const std::string& manifest_json)> inspect;
};

// What installing a bundle would mean.
struct Offer {
  Bundle bundle;
  Verdict verdict;
  std::optional<InstalledVersion> replaces;
  std::vector<std::string> widenings;  // what has not been accepted yet; empty: nothing to ask
};

struct InstallOptions {
  bool accept = false;  // the operator has seen Offer::widenings
  bool allow_downgrade = false;
};

// A connector that may be loaded now.
struct VerifiedConnector {
  std::string id, version, digest;
  Verdict verdict;
  Capabilities capabilities;  // asked for, and accepted
  std::string manifest_json;
  Descriptor code;  // sealed; see sealedFile() in store_folder.h
};

struct LoadedConnectors {
  std::vector<VerifiedConnector> connectors;           // by id
  std::vector<std::pair<std::string, Error>> refused;  // id and why
};

class InstallStore {
 public:
  InstallStore(StoreSettings settings, const Clock& clock)
      : settings_(std::move(settings)), clock_(clock) {}

  // Loading
  Result<VerifiedConnector> load(const std::string& id) const;  // the active version
  // One that is refused never stops the others. Error: the store itself cannot be read.
  Result<LoadedConnectors> loadAll() const;
  // A version that ran before: is it still installed, whole and trusted?
  Result<void> vouch(const std::string& id, const std::string& digest) const;
  // A file of the active version, verified as at a load ("fixtures/order.json").
  Result<std::string> readFile(const std::string& id, const std::string& name) const;

  // Changing. InvalidArgument: not a sound bundle; PermissionDenied: not trusted, not accepted, or
  // a downgrade; NotFound: no such id.
  Result<Offer> offer(std::string_view bundle_bytes) const;  // changes nothing
  Result<Offer> install(std::string_view bundle_bytes, const InstallOptions& options);
  Result<InstalledVersion> rollback(const std::string& id);  // to the version before; returns it
  Result<void> uninstall(const std::string& id);

  Result<std::vector<Installed>> list() const;  // by id

  // Trust
  Result<TrustPolicy> policy() const;
  Result<Certificate> addPublisher(const Json& sealed_certificate);  // self-signed ones only
  Result<Certificate> removePublisher(const std::string& key_id);
  // A digest, a key's id, or "ID@VERSION" of what is installed. Returns what is revoked now.
  Result<std::string> revoke(const std::string& what, const std::string& reason);
  Result<void> unrevoke(const std::string& what);
  // Replaces the root's list; its serial number must not fall. Returns the number of entries.
  Result<size_t> importRevocations(const Json& sealed);

 private:
  struct Checked {
    Bundle bundle;
    Verdict verdict;
    Descriptor code;
  };
  Result<Checked> check(std::string_view bytes, Occasion occasion) const;
  Result<Checked> checkVersion(const std::string& id, const InstalledVersion& version) const;
  Result<Checked> checkActive(const Installed& installed) const {
    return checkVersion(installed.id, installed.active());
  }
  Result<VerifiedConnector> loadActive(const Installed& installed) const;
  Result<Offer> offerFrom(std::string_view bytes, const InstallIndex& index) const;

  StoreSettings settings_;
  const Clock& clock_;
};

}  // namespace junctor::trust
