#pragma once
// Session: what all checks of one run share. Made by the parent before the first child; the
// children inherit it. Nothing of the library has run when it is made.
#include <optional>
#include <string>

#include "base/json.h"
#include "conformance/conformance.h"
#include "conformance/elf_image.h"
#include "conformance/fixture.h"
#include "plugin/connector.h"

namespace junctor::conformance {

class Session {
 public:
  explicit Session(const Options& options);

  const Options& options() const { return options_; }
  const std::string& path() const { return path_; }
  Level level() const { return options_.level; }

  const Result<ElfImage>& elf() const { return elf_; }
  const Result<std::string>& note() const { return note_; }
  const Result<plugin::Manifest>& manifest() const { return manifest_; }
  // The manifest's JSON, null if it is none: for what plugin::Manifest does not keep.
  const Json& json() const { return *json_; }
  // Says of itself that it is written in Go, whose runtime takes a process of its own, and gets it.
  bool declaresGo() const;
  const Fixtures& fixtures() const { return fixtures_; }
  // Of its default mappings, <object>.json each: given, mappings/ beside its fixtures, or where
  // installed ones lie; "" if there are none.
  std::string mappingFolder() const;
  // A file beside the library, its fixtures or their manifest; none if there is no such file.
  std::optional<std::string> sidecar(const std::string& name) const;

 private:
  Options options_;
  std::string path_;
  Result<ElfImage> elf_;
  Result<std::string> note_;
  Result<plugin::Manifest> manifest_;
  std::shared_ptr<const Json> json_;
  Fixtures fixtures_;
};

}  // namespace junctor::conformance
