#include "app/dev_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/files.h"

namespace junctor::app {
namespace {

constexpr uint32_t kInteresting = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE;
constexpr int kDepthMax = 6;
constexpr size_t kFoldersMax = 1'000;

bool isBuildFolder(std::string_view name) {
  return name == "build" || name == "target";
}

// What editors leave beside a file.
bool isScratch(std::string_view name) {
  return name.empty() || name[0] == '.' || name.ends_with('~') || name.ends_with(".swp") ||
         name == "4913" || name == "Cargo.lock";
}

}  // namespace

Result<DevWatch> DevWatch::open(const std::string& folder, bool with_subfolders) {
  Descriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (inotify.get() < 0) return internalError(std::string("inotify: ") + strerror(errno));
  DevWatch watch(std::move(inotify));
  watch.with_subfolders_ = with_subfolders;
  watch.add(folder, !with_subfolders, 0);
  if (watch.folders_.empty()) return notFound(folder + " cannot be watched: " + strerror(errno));
  return watch;
}

void DevWatch::add(const std::string& folder, bool build, int depth) {
  if (folders_.size() >= kFoldersMax || depth > kDepthMax) return;
  const int watch = ::inotify_add_watch(inotify_.get(), folder.c_str(), kInteresting);
  if (watch < 0) return;
  for (const Folder& known : folders_) {
    if (known.watch == watch) return;
  }
  folders_.push_back({watch, folder, build, depth});
  if (!with_subfolders_) return;
  const auto names = listFolder(folder);
  if (!names) return;
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    // A build folder's own folders hold what compilers leave: nothing to look at.
    if (!build && isFolder(path)) add(path, isBuildFolder(name), depth + 1);
  }
}

DevChanges DevWatch::read() {
  DevChanges changes;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return changes;
    for (size_t at = 0; at < static_cast<size_t>(size);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event->len;
      const std::string name = event->len ? event->name : "";
      if (isScratch(name)) continue;
      for (size_t i = 0; i < folders_.size(); ++i) {
        if (folders_[i].watch != event->wd) continue;
        const Folder folder = folders_[i];
        if (event->mask & IN_ISDIR) {
          if (!folder.build) add(folder.path + "/" + name, isBuildFolder(name), folder.depth + 1);
        } else if (name.ends_with(".so")) {
          changes.library = true;
        } else if (!folder.build && !(event->mask & IN_CREATE)) {
          changes.sources = true;
        }
        break;
      }
    }
  }
}

}  // namespace junctor::app
