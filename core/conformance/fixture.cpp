#include "conformance/fixture.h"

#include "base/files.h"

namespace junctor::conformance {
namespace {

constexpr std::string_view kMark = "{uuid}";

std::string folderOf(const std::string& path) {
  const std::string whole = absolutePath(path);
  return whole.substr(0, whole.rfind('/'));
}

Headers headersOf(const plugin::Sample& sample, const std::string& unique) {
  Headers headers = {{"Host", "hooks.example"}, {"Accept", "*/*"}};
  for (auto [name, value] : sample.headers) {
    if (const size_t at = value.find(kMark); at != std::string::npos) {
      value.replace(at, kMark.size(), unique);
    }
    headers.emplace_back(std::move(name), std::move(value));
  }
  if (!findHeader(headers, "Content-Type")) {
    headers.emplace_back("Content-Type", "application/json");
  }
  return headers;
}

}  // namespace

Result<Delivery> Fixture::deliver(const std::string& unique) const {
  Delivery out;
  out.headers = headersOf(sample, unique);
  JUNCTOR_TRY(out.body, plugin::freshBody(sample, bytes, unique));
  return out;
}

std::string fixtureFolder(const std::string& library, const std::string& given,
                          const std::string& connector) {
  if (!given.empty()) return given;
  const std::string beside = folderOf(library);
  for (const std::string& folder : {beside + "/fixtures", beside + "/../fixtures",
                                    beside + "/../../../share/junctor/samples/" + connector}) {
    if (isFolder(folder)) return folder;
  }
  return {};
}

Fixtures readFixtures(const std::string& folder, const plugin::Manifest& manifest) {
  Fixtures out;
  out.folder = folder;
  for (const plugin::Sample& sample : manifest.samples) {
    auto bytes = readFile(folder + "/" + sample.file);
    if (folder.empty() || !bytes) {
      out.missing.push_back(sample.file);
      continue;
    }
    out.list.push_back({sample.file, sample.event, sample, std::move(*bytes)});
  }
  if (auto settings = readFile(folder + "/settings.json"); settings && !folder.empty()) {
    out.settings = std::move(*settings);
  }
  return out;
}

}  // namespace junctor::conformance
