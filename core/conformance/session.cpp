#include "conformance/session.h"

#include <algorithm>

#include "base/files.h"
#include "base/json_value.h"
#include "plugin/elf_note.h"
#include "plugin/manifest.h"

namespace junctor::conformance {
namespace {

Result<plugin::Manifest> parse(const Result<std::string>& note) {
  if (!note) return note.error();
  return plugin::parseManifest(*note);
}

}  // namespace

Session::Session(const Options& options)
    : options_(options),
      path_(absolutePath(options.library)),
      elf_(ElfImage::open(path_)),
      note_(plugin::readManifestNote(path_)),
      manifest_(parse(note_)) {
  Json json;
  if (note_) {
    if (auto parsed = parseJson(*note_)) json = std::move(*parsed);
  }
  json_ = std::make_shared<const Json>(std::move(json));
  if (!manifest_) return;
  fixtures_ = readFixtures(fixtureFolder(path_, options.fixtures, manifest_->id), *manifest_);
}

bool Session::declaresGo() const {
  return json_->is_object() && json_->value("runtime", Json()) == "go";
}

std::string Session::mappingFolder() const {
  if (!options_.mappings.empty()) return options_.mappings;
  std::vector<std::string> places;
  if (!fixtures_.folder.empty()) places.push_back(fixtures_.folder + "/../mappings");
  if (manifest_) {
    const std::string beside = path_.substr(0, path_.rfind('/'));
    places.push_back(beside + "/../../../share/junctor/mappings/" + manifest_->id);
  }
  const auto found = std::find_if(places.begin(), places.end(), isFolder);
  return found == places.end() ? "" : *found;
}

std::optional<std::string> Session::sidecar(const std::string& name) const {
  const std::string beside = path_.substr(0, path_.rfind('/'));
  std::vector<std::string> places = {beside + "/" + name};
  if (!fixtures_.folder.empty()) places.push_back(fixtures_.folder + "/../" + name);
  for (const std::string& place : places) {
    if (auto text = readFile(place)) return std::move(*text);
  }
  return std::nullopt;
}

}  // namespace junctor::conformance
