#pragma once
// DevWatch: tells when files below a folder change (inotify). Hidden folders are left out.
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace junctor::app {

// What changed since the last look.
struct DevChanges {
  bool sources = false;  // a file outside build folders
  bool library = false;  // a *.so
};

class DevWatch {
 public:
  // Watches a project's folder and those below it, or the folder of a single library.
  static Result<DevWatch> open(const std::string& folder, bool with_subfolders);

  int fd() const { return inotify_.get(); }
  // Takes all that was reported. Never blocks.
  DevChanges read();

 private:
  explicit DevWatch(Descriptor inotify) : inotify_(std::move(inotify)) {}
  void add(const std::string& folder, bool build, int depth);

  struct Folder {
    int watch;
    std::string path;
    bool build;  // of generated files
    int depth;
  };
  Descriptor inotify_;
  bool with_subfolders_ = false;
  std::vector<Folder> folders_;
};

}  // namespace junctor::app
