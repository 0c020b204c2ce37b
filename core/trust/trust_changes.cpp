// The part of InstallStore that says whom to believe.
#include <fmt/core.h>

#include <algorithm>

#include "base/json_value.h"
#include "trust/install_store.h"
#include "trust/store_files.h"

namespace junctor::trust {

Result<TrustPolicy> InstallStore::policy() const {
  TrustPolicy policy;
  policy.roots = settings_.roots;
  policy.allow_unsigned = settings_.allow_unsigned;
  JUNCTOR_TRY(const auto publishers, readPublishers(settings_.folder));
  for (const Json& sealed : publishers) {
    JUNCTOR_TRY(Certificate certificate, openCertificate(sealed, {}));
    policy.publishers.push_back(std::move(certificate));
  }
  JUNCTOR_TRY(policy.revoked, readRevoked(settings_.folder));
  JUNCTOR_TRY(const SignedRevocations root_list, readRootList(settings_.folder, settings_.roots));
  policy.revoked.merge(root_list.list);
  return policy;
}

Result<Certificate> InstallStore::addPublisher(const Json& sealed_certificate) {
  JUNCTOR_TRY(const Certificate offered, peekCertificate(sealed_certificate));
  if (offered.level != Level::Private) {
    return invalidArgument(
        fmt::format("the certificate of {} is {}: whom a root vouches for needs "
                    "no adding",
                    offered.publisher, toString(offered.level)));
  }
  JUNCTOR_CHECK(openCertificate(sealed_certificate, {}));
  JUNCTOR_TRY(const TrustPolicy beliefs, policy());
  if (const auto reason = beliefs.revoked.reasonAgainst(offered.keyId())) {
    return makeError(ErrorCode::PermissionDenied,
                     fmt::format("the key {} was revoked: {}", offered.keyId(), *reason));
  }
  if (offered.expired(clock_.unixMs())) {
    return makeError(ErrorCode::PermissionDenied,
                     fmt::format("the key {} expired after {}", offered.keyId(), offered.expires));
  }
  JUNCTOR_TRY(const StoreFolder folder, StoreFolder::openToWrite(settings_.folder));
  JUNCTOR_TRY(auto publishers, readPublishers(settings_.folder));
  std::erase_if(publishers, [&](const Json& sealed) {
    const auto known = peekCertificate(sealed);
    return known && known->public_key == offered.public_key;
  });
  publishers.push_back(sealed_certificate);
  JUNCTOR_CHECK(folder.write(kTrustFile, writePublishers(publishers)));
  return offered;
}

Result<Certificate> InstallStore::removePublisher(const std::string& key_id) {
  JUNCTOR_TRY(const StoreFolder folder, StoreFolder::openToWrite(settings_.folder));
  JUNCTOR_TRY(auto publishers, readPublishers(settings_.folder));
  for (size_t i = 0; i < publishers.size(); ++i) {
    JUNCTOR_TRY(Certificate known, peekCertificate(publishers[i]));
    if (known.keyId() != key_id) continue;
    publishers.erase(publishers.begin() + static_cast<long>(i));
    JUNCTOR_CHECK(folder.write(kTrustFile, writePublishers(publishers)));
    return known;
  }
  return notFound(fmt::format("no key '{}' was added to this installation", key_id));
}

Result<std::string> InstallStore::revoke(const std::string& what, const std::string& reason) {
  std::string name = what;
  if (const size_t at = what.find('@'); at != std::string::npos) {
    JUNCTOR_TRY(const auto installed, list());
    for (const Installed& connector : installed) {
      for (const InstalledVersion& version : connector.history) {
        if (connector.id + "@" + version.version == what) name = version.digest;
      }
    }
    if (name == what) return notFound(fmt::format("{} is not installed", what));
  }
  Revocations probe;
  JUNCTOR_CHECK(probe.add(name, reason));  // what is refused does not even make the folder
  JUNCTOR_TRY(const StoreFolder folder, StoreFolder::openToWrite(settings_.folder));
  JUNCTOR_TRY(Revocations revoked, readRevoked(settings_.folder));
  JUNCTOR_CHECK(revoked.add(name, reason));
  JUNCTOR_CHECK(folder.write(kRevokedFile, dumpJson(revoked.toJson(), 1) + "\n"));
  return name;
}

Result<void> InstallStore::unrevoke(const std::string& what) {
  JUNCTOR_TRY(const StoreFolder folder, StoreFolder::openToWrite(settings_.folder));
  JUNCTOR_TRY(Revocations revoked, readRevoked(settings_.folder));
  if (!revoked.remove(what)) {
    return notFound(fmt::format("'{}' is not on this installation's own list", what));
  }
  return folder.write(kRevokedFile, dumpJson(revoked.toJson(), 1) + "\n");
}

Result<size_t> InstallStore::importRevocations(const Json& sealed) {
  JUNCTOR_TRY(const SignedRevocations fresh, openRevocations(sealed, settings_.roots));
  JUNCTOR_TRY(const StoreFolder folder, StoreFolder::openToWrite(settings_.folder));
  JUNCTOR_TRY(const SignedRevocations known, readRootList(settings_.folder, settings_.roots));
  if (fresh.serial < known.serial) {
    return makeError(ErrorCode::PermissionDenied,
                     fmt::format("the revocation list has serial {}, older than {}, which is here",
                                 fresh.serial, known.serial));
  }
  JUNCTOR_CHECK(folder.write(kRootListFile, dumpJson(sealed, 1) + "\n"));
  return fresh.list.entries().size();
}

}  // namespace junctor::trust
