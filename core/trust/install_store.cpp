#include "trust/install_store.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/json_value.h"
#include "base/limits.h"
#include "trust/store_files.h"
#include "trust/version.h"

namespace junctor::trust {
namespace {

std::string fileOf(const std::string& digest) {
  return digest + ".bundle";
}

std::string lineOf(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : "; ") + text;
  return out;
}

Result<Installed> findIn(const InstallIndex& index, const std::string& id) {
  const auto found = index.connectors.find(id);
  if (found == index.connectors.end()) {
    return notFound(fmt::format("no connector '{}' was installed", id));
  }
  return found->second;
}

// What the operator would be surprised by, beside capabilities.
void addSurprises(const Verdict& now, const InstalledVersion& before, Offer& offer) {
  if (now.publisher != before.publisher || now.key_id != before.key_id) {
    const auto name = [](const std::string& publisher) {
      return publisher.empty() ? "nobody" : publisher;
    };
    offer.widenings.push_back(fmt::format("signed by {} ({}) (was {} ({}))", name(now.publisher),
                                          now.key_id.empty() ? "no key" : now.key_id,
                                          name(before.publisher),
                                          before.key_id.empty() ? "no key" : before.key_id));
  } else if (now.level < before.level) {
    offer.widenings.push_back(
        fmt::format("trusted as {} only (was {})", toString(now.level), toString(before.level)));
  }
}

Result<void> checkOrder(const Bundle& bundle, const InstallIndex& index,
                        const InstallOptions& options, bool unsigned_bundle) {
  const auto floor = index.floors.find(bundle.id);
  if (floor == index.floors.end()) return {};
  const auto before = Version::parse(floor->second), now = Version::parse(bundle.version);
  if (before && now && *now < *before && !options.allow_downgrade) {
    return denied(
        fmt::format("{} {} is older than {}, which was here: --allow-downgrade installs it "
                    "all the same; rollback returns to the version before",
                    bundle.id, bundle.version, floor->second));
  }
  const auto installed = index.connectors.find(bundle.id);
  if (installed == index.connectors.end() || unsigned_bundle) return {};
  for (const InstalledVersion& version : installed->second.history) {
    if (version.version == bundle.version && version.digest != bundle.digest) {
      return denied(fmt::format("{} {} is installed with other content: a version is released once",
                                bundle.id, bundle.version));
    }
  }
  return {};
}

void activate(InstallIndex& index, const Offer& offer, int64_t now_ms) {
  Installed& connector = index.connectors[offer.bundle.id];
  connector.id = offer.bundle.id;
  auto& history = connector.history;
  history.erase(std::remove_if(history.begin(), history.end(),
                               [&](const InstalledVersion& version) {
                                 return version.digest == offer.bundle.digest;
                               }),
                history.end());
  history.push_back({offer.bundle.version, offer.bundle.digest, offer.verdict.level,
                     offer.verdict.publisher, offer.verdict.key_id, now_ms,
                     offer.bundle.capabilities});
  if (history.size() > limits::kBundleVersionsKept) history.erase(history.begin());
  index.floors[offer.bundle.id] = offer.bundle.version;
}

// Bundles that no version refers to; what cannot be removed now is tried again next time.
void prune(const StoreFolder& folder, const InstallIndex& index) {
  const auto names = folder.names();
  if (!names) return;
  for (const std::string& name : *names) {
    const size_t dot = name.find('.');
    if (name.ends_with(".bundle") && !index.uses(name.substr(0, dot))) {
      static_cast<void>(folder.remove(name).has_value());
    }
  }
}

}  // namespace

Result<InstallStore::Checked> InstallStore::check(std::string_view bytes, Occasion occasion) const {
  Checked out;
  JUNCTOR_TRY(out.bundle, readBundle(bytes));
  JUNCTOR_TRY(const TrustPolicy beliefs, policy());
  JUNCTOR_TRY(out.verdict, judge(out.bundle, beliefs, occasion, clock_.unixMs()));
  const auto& shipped = settings_.shipped;
  if (std::find(shipped.begin(), shipped.end(), out.bundle.id) != shipped.end()) {
    return makeError(
        ErrorCode::AlreadyExists,
        fmt::format("{} is part of this installation; a bundle cannot replace it", out.bundle.id));
  }
  JUNCTOR_TRY(out.code, sealedFile(out.bundle.id, *out.bundle.find(kConnectorFile)));
  if (settings_.inspect) {
    JUNCTOR_CHECK(settings_.inspect(out.code.get(), *out.bundle.find(kManifestFile)));
  }
  return out;
}

Result<InstallStore::Checked> InstallStore::checkVersion(const std::string& id,
                                                         const InstalledVersion& version) const {
  JUNCTOR_TRY(const StoreFolder folder, StoreFolder::open(settings_.folder));
  JUNCTOR_TRY(const std::string bytes,
              folder.read(fileOf(version.digest), limits::kBundleBytesMax));
  JUNCTOR_TRY(Checked checked, check(bytes, Occasion::Load));
  const Bundle& bundle = checked.bundle;
  if (bundle.digest != version.digest || bundle.id != id || bundle.version != version.version) {
    return denied("its file is not the one that was installed");
  }
  const auto more = widenings(version.accepted, bundle.capabilities);
  if (!more.empty()) return denied("asks for more than was accepted: " + lineOf(more));
  return checked;
}

Result<VerifiedConnector> InstallStore::loadActive(const Installed& installed) const {
  JUNCTOR_TRY(Checked checked, checkActive(installed));
  VerifiedConnector out;
  out.id = checked.bundle.id;
  out.version = checked.bundle.version;
  out.digest = checked.bundle.digest;
  out.verdict = std::move(checked.verdict);
  out.capabilities = checked.bundle.capabilities;
  out.manifest_json = *checked.bundle.find(kManifestFile);
  out.code = std::move(checked.code);
  return out;
}

Result<VerifiedConnector> InstallStore::load(const std::string& id) const {
  JUNCTOR_TRY(const InstallIndex index, readIndex(settings_.folder));
  JUNCTOR_TRY(const Installed installed, findIn(index, id));
  return loadActive(installed);
}

Result<LoadedConnectors> InstallStore::loadAll() const {
  JUNCTOR_TRY(const InstallIndex index, readIndex(settings_.folder));
  LoadedConnectors out;
  for (const auto& [id, installed] : index.connectors) {
    auto loaded = loadActive(installed);
    if (loaded) {
      out.connectors.push_back(std::move(*loaded));
    } else {
      out.refused.emplace_back(id, loaded.error());
    }
  }
  return out;
}

Result<void> InstallStore::vouch(const std::string& id, const std::string& digest) const {
  JUNCTOR_TRY(const InstallIndex index, readIndex(settings_.folder));
  JUNCTOR_TRY(const Installed installed, findIn(index, id));
  for (const InstalledVersion& version : installed.history) {
    if (version.digest != digest) continue;
    JUNCTOR_CHECK(checkVersion(id, version));
    return {};
  }
  return notFound(fmt::format("{} is not installed in that version", id));
}

Result<std::string> InstallStore::readFile(const std::string& id, const std::string& name) const {
  JUNCTOR_TRY(const InstallIndex index, readIndex(settings_.folder));
  JUNCTOR_TRY(const Installed installed, findIn(index, id));
  JUNCTOR_TRY(const Checked checked, checkActive(installed));
  if (const std::string* bytes = checked.bundle.find(name)) return *bytes;
  return notFound(fmt::format("the bundle of {} holds no {}", id, name));
}

Result<Offer> InstallStore::offerFrom(std::string_view bytes, const InstallIndex& index) const {
  JUNCTOR_TRY(Checked checked, check(bytes, Occasion::Install));
  Offer offer;
  offer.bundle = std::move(checked.bundle);
  offer.verdict = std::move(checked.verdict);
  const auto found = index.connectors.find(offer.bundle.id);
  if (found == index.connectors.end()) {
    offer.widenings = describe(offer.bundle.capabilities);
    return offer;
  }
  offer.replaces = found->second.active();
  offer.widenings = widenings(offer.replaces->accepted, offer.bundle.capabilities);
  addSurprises(offer.verdict, *offer.replaces, offer);
  return offer;
}

Result<Offer> InstallStore::offer(std::string_view bundle_bytes) const {
  JUNCTOR_TRY(const InstallIndex index, readIndex(settings_.folder));
  return offerFrom(bundle_bytes, index);
}

Result<Offer> InstallStore::install(std::string_view bundle_bytes, const InstallOptions& options) {
  JUNCTOR_CHECK(offer(bundle_bytes));  // what is refused does not even make the folder
  JUNCTOR_TRY(const StoreFolder folder, StoreFolder::openToWrite(settings_.folder));
  JUNCTOR_TRY(InstallIndex index, readIndex(settings_.folder));
  JUNCTOR_TRY(Offer offer, offerFrom(bundle_bytes, index));
  const bool is_unsigned = offer.verdict.level == Level::Unsigned;
  JUNCTOR_CHECK(checkOrder(offer.bundle, index, options, is_unsigned));
  if (!offer.widenings.empty() && !options.accept) {
    return denied("asks for what was not accepted: " + lineOf(offer.widenings) +
                  " (--accept-capabilities accepts it)");
  }
  JUNCTOR_CHECK(folder.write(fileOf(offer.bundle.digest), bundle_bytes));
  activate(index, offer, clock_.unixMs());
  JUNCTOR_CHECK(folder.write(kIndexFile, index.write()));
  prune(folder, index);
  return offer;
}

Result<InstalledVersion> InstallStore::rollback(const std::string& id) {
  JUNCTOR_TRY(const StoreFolder folder, StoreFolder::openToWrite(settings_.folder));
  JUNCTOR_TRY(InstallIndex index, readIndex(settings_.folder));
  JUNCTOR_TRY(Installed installed, findIn(index, id));
  if (installed.history.size() < 2) {
    return invalidArgument(
        fmt::format("{} has no version before {}", id, installed.active().version));
  }
  installed.history.pop_back();
  auto checked = checkActive(installed);  // it must be fit to run today, not only when it came
  if (!checked) {
    return makeError(checked.error().code,
                     fmt::format("cannot return to {} {}: {}", id, installed.active().version,
                                 checked.error().message));
  }
  const InstalledVersion active = installed.active();
  index.connectors[id] = std::move(installed);
  index.floors[id] = active.version;
  JUNCTOR_CHECK(folder.write(kIndexFile, index.write()));
  prune(folder, index);
  return active;
}

Result<void> InstallStore::uninstall(const std::string& id) {
  JUNCTOR_TRY(const StoreFolder folder, StoreFolder::openToWrite(settings_.folder));
  JUNCTOR_TRY(InstallIndex index, readIndex(settings_.folder));
  JUNCTOR_CHECK(findIn(index, id));
  index.connectors.erase(id);
  JUNCTOR_CHECK(folder.write(kIndexFile, index.write()));
  prune(folder, index);
  return {};
}

Result<std::vector<Installed>> InstallStore::list() const {
  JUNCTOR_TRY(InstallIndex index, readIndex(settings_.folder));
  std::vector<Installed> out;
  for (auto& [id, installed] : index.connectors) out.push_back(std::move(installed));
  return out;
}

}  // namespace junctor::trust
