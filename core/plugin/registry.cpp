#include <fmt/core.h>
#include <sys/stat.h>

#include <atomic>
#include <map>
#include <mutex>

#include "base/files.h"
#include "base/log.h"
#include "plugin/connector.h"
#include "plugin/loaded_connector.h"

namespace junctor::plugin {
namespace {

constexpr std::string_view kSuffix = ".so";

// What tells one version of a file from the next without reading it.
struct FileIdentity {
  uint64_t device = 0, inode = 0;
  int64_t size = 0, changed_ns = 0;
  std::string digest{};  // of checked code, which needs nothing else
  bool operator==(const FileIdentity&) const = default;
};

FileIdentity identityOf(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev,
          info.st_ino,
          info.st_size,
          info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
          {}};
}

class FolderRegistry final : public Registry {
 public:
  FolderRegistry(std::vector<std::string> folders, Opener opener, CheckedSource source,
                 Opener guest_opener)
      : folders_(std::move(folders)),
        opener_(std::move(opener)),
        source_(std::move(source)),
        guest_opener_(std::move(guest_opener)) {}

  std::shared_ptr<Connector> find(const std::string& id) const override {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : found->second.connector;
  }
  std::vector<std::shared_ptr<Connector>> all() const override {
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Connector>> list;
    for (const auto& [id, entry] : entries_) list.push_back(entry.connector);
    return list;
  }
  std::vector<std::pair<std::string, std::string>> refused() const override {
    std::lock_guard lock(mutex_);
    return refused_;
  }
  uint64_t generation() const override { return generation_.load(); }

  std::vector<std::string> rescan() override {
    std::lock_guard one(scanning_);
    Scan scan;
    scan.before = entries_;  // written below alone
    for (const std::string& folder : folders_) addFolder(folder, scan);
    if (source_) addChecked(source_(), scan);
    for (auto& [id, entry] : scan.before) {
      if (scan.found.contains(id)) continue;
      scan.changes.push_back(fmt::format("{} {} removed", id, versionOf(entry)));
      scan.retired.push_back(entry.connector);
    }
    {
      std::lock_guard lock(mutex_);
      entries_.swap(scan.found);
      refused_.swap(scan.refused);
      if (!scan.changes.empty()) generation_.fetch_add(1);
    }
    for (const auto& connector : scan.retired) connector->retire();
    return std::move(scan.changes);
  }

 private:
  struct Entry {
    std::shared_ptr<Connector> connector;
    FileIdentity identity;
  };
  using Entries = std::map<std::string, Entry>;
  struct Scan {
    Entries before, found;
    std::vector<std::pair<std::string, std::string>> refused;
    std::vector<std::string> changes;
    std::vector<std::shared_ptr<Connector>> retired;
  };

  static const std::string& versionOf(const Entry& entry) {
    return entry.connector->manifest().version;
  }

  void addFolder(const std::string& folder, Scan& scan) const {
    const auto names = listFolder(folder);
    if (!names) return refuse(folder, names.error().message, scan);
    for (const std::string& name : *names) {
      if (!name.ends_with(kSuffix)) continue;
      const std::string path = absolutePath(folder + "/" + name);
      add({path, path, identityOf(path), opener_}, scan);
    }
  }

  void addChecked(const CheckedCodes& codes, Scan& scan) const {
    for (const auto& [name, reason] : codes.refused) refuse(name, reason, scan);
    for (const CheckedCode& code : codes.found) {
      add({code.path, code.name, FileIdentity{0, 0, 0, 0, code.digest}, guest_opener_, &codes},
          scan);
    }
  }

  struct Candidate {
    std::string path, name;  // to open, for people
    FileIdentity identity;
    const Opener& opener;
    const CheckedCodes* codes = nullptr;  // where it comes from, if it was checked
  };

  // What cannot be replaced stays, unless it was checked code that is trusted no longer.
  static bool mayStay(const Entry& old, const std::string& id, const CheckedCodes* codes) {
    if (old.identity.digest.empty() || !codes || !codes->may_stay) return true;
    return codes->may_stay(id, old.identity.digest);
  }

  void add(const Candidate& file, Scan& scan) const {
    auto manifest = readManifest(file.path);
    if (!manifest) return refuse(file.name, manifest.error().message, scan);
    const std::string id = manifest->id;
    if (const auto first = scan.found.find(id); first != scan.found.end()) {
      return refuse(file.name,
                    fmt::format("connector {} is already loaded from {}", id,
                                first->second.connector->path()),
                    scan);
    }
    const auto old = scan.before.find(id);
    if (old != scan.before.end() && old->second.identity == file.identity &&
        old->second.connector->path() == file.path) {
      scan.found.insert(*old);
      return;
    }
    const std::string version = manifest->version;
    auto opened = file.opener(std::move(*manifest), file.path);
    if (!opened) {
      refuse(file.name, opened.error().message, scan);
      if (old != scan.before.end() && mayStay(old->second, id, file.codes)) {
        scan.found.insert(*old);  // never worse than before
      }
      return;
    }
    if (old == scan.before.end()) {
      scan.changes.push_back(fmt::format("{} {} added", id, version));
    } else {
      scan.changes.push_back(
          fmt::format("{} {} replaced by {}", id, versionOf(old->second), version));
      scan.retired.push_back(old->second.connector);
    }
    scan.found.emplace(id, Entry{std::move(*opened), file.identity});
  }

  static void refuse(const std::string& path, const std::string& reason, Scan& scan) {
    log::error("plugin", {{"file", path}}, "connector refused: {}", reason);
    scan.refused.emplace_back(path, reason);
  }

  const std::vector<std::string> folders_;
  const Opener opener_;
  const CheckedSource source_;
  const Opener guest_opener_;
  std::mutex scanning_;
  std::atomic<uint64_t> generation_{0};

  mutable std::mutex mutex_;
  Entries entries_;                                           // guarded by mutex_
  std::vector<std::pair<std::string, std::string>> refused_;  // guarded by mutex_
};

// Only its manifest is looked at.
class ListedConnector final : public Connector {
 public:
  ListedConnector(Manifest manifest, std::string path)
      : manifest_(std::move(manifest)), path_(std::move(path)) {}
  const Manifest& manifest() const override { return manifest_; }
  const std::string& path() const override { return path_; }
  Result<std::unique_ptr<Instance>> create(const Integration&) override {
    return makeError(ErrorCode::Unimplemented, manifest_.id + " is listed here, not run");
  }
  std::string runsIn() const override { return "not run"; }

 private:
  const Manifest manifest_;
  const std::string path_;
};

}  // namespace

Opener openInProcess(const Clock& clock, const HostPorts& ports) {
  return [&clock, ports](Manifest manifest,
                         const std::string& path) -> Result<std::shared_ptr<Connector>> {
    JUNCTOR_TRY(const Library* library, loadLibrary(path, manifest));
    return std::shared_ptr<Connector>(
        std::make_shared<LoadedConnector>(std::move(manifest), path, *library, clock, ports));
  };
}

Opener openNothing() {
  return [](Manifest manifest, const std::string& path) -> Result<std::shared_ptr<Connector>> {
    return std::shared_ptr<Connector>(std::make_shared<ListedConnector>(std::move(manifest), path));
  };
}

std::unique_ptr<Registry> loadConnectors(std::vector<std::string> folders, Opener opener) {
  return loadConnectors(std::move(folders), std::move(opener), {}, {});
}

std::unique_ptr<Registry> loadConnectors(std::vector<std::string> folders, Opener opener,
                                         CheckedSource source, Opener guest_opener) {
  auto registry = std::make_unique<FolderRegistry>(std::move(folders), std::move(opener),
                                                   std::move(source), std::move(guest_opener));
  registry->rescan();
  return registry;
}

std::unique_ptr<Registry> loadConnectors(const std::vector<std::string>& folders,
                                         const Clock& clock, const HostPorts& ports) {
  return loadConnectors(folders, openInProcess(clock, ports));
}

}  // namespace junctor::plugin
