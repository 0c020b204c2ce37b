// S16: the mappings that come with a connector.
#include <fmt/core.h>

#include <algorithm>

#include "base/files.h"
#include "base/limits.h"
#include "conformance/session.h"
#include "conformance/static_manifest_checks.h"
#include "mapping/check.h"

namespace junctor::conformance {
namespace {

using mapping::Mapping;
using mapping::Path;
using mapping::Value;

// Where a field of the provider can be seen: the mapping's samples and the connector's fixtures.
class Seen {
 public:
  explicit Seen(const Session& session) {
    for (const Fixture& fixture : session.fixtures().list) {
      if (auto json = mapping::parseValue(fixture.bytes)) fixtures_.push_back(std::move(*json));
    }
  }

  bool has(const Mapping& in, const Path& path) const {
    const bool sampled =
        std::any_of(in.samples.begin(), in.samples.end(),
                    [&](const mapping::Sample& sample) { return at(in, path, sample.external); });
    return sampled || std::any_of(fixtures_.begin(), fixtures_.end(),
                                  [&](const Value& fixture) { return at(in, path, fixture); });
  }

 private:
  static bool at(const Mapping& in, const Path& path, const Value& whole) {
    if (path.read(whole)) return true;
    const auto inside = [&](const Path& envelope) {
      const Value* object = envelope.read(whole);
      return object && path.read(*object);
    };
    return inside(in.envelope.write) ||
           std::any_of(in.envelope.read.begin(), in.envelope.read.end(), inside);
  }

  std::vector<Value> fixtures_;
};

// "" if it is sound, proved and of this connector.
std::string unsound(const Mapping& mapping, const Value& json, const std::string& connector) {
  if (mapping.connector != connector) return "is of the connector " + mapping.connector;
  for (const mapping::Finding& finding : mapping::checkDocument(json)) {
    if (finding.error) return mapping::describe(finding);
  }
  return mapping.samples.empty() ? "has no sample that proves it" : "";
}

// Fields without which an object means nothing must be seen; the others are counted.
struct Fields {
  std::string missing;
  size_t count = 0, unseen = 0;
};
void look(const Mapping& mapping, const Seen& seen, Fields& out) {
  for (const mapping::Field& field : mapping.fields) {
    if (field.external.empty()) continue;
    ++out.count;
    const auto there = [&](const Path& path) { return seen.has(mapping, path); };
    if (std::any_of(field.external.begin(), field.external.end(), there) ||
        std::any_of(field.also_read.begin(), field.also_read.end(), there)) {
      continue;
    }
    ++out.unseen;
    if ((field.required || field.key) && out.missing.empty()) {
      out.missing = fmt::format("fields.{}: no sample and no fixture has {}", field.name,
                                field.external[0].text());
    }
  }
}

}  // namespace

Outcome mappingsPoint(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  const std::string folder = session.mappingFolder();
  if (folder.empty()) return skip("no default mappings come with it");
  const auto names = listFolder(folder);
  if (!names) return fail(names.error().message);
  const Seen seen(session);
  Fields fields;
  for (const std::string& name : *names) {
    const auto text = readFile(folder + "/" + name, limits::kMappingBytesMax);
    if (!text) return fail(text.error().message);
    const auto json = mapping::parseValue(*text);
    if (!json) return fail(name + ": " + json.error().message);
    const auto read = mapping::readMapping(*json);
    if (!read) return fail(name + ": " + read.error().message);
    if (auto why = unsound(*read, *json, session.manifest()->id); !why.empty()) {
      return fail(name + ": " + why);
    }
    look(*read, seen, fields);
    if (!fields.missing.empty()) return fail(name + ": " + fields.missing);
  }
  if (session.level() == Level::Pedantic && fields.unseen > 0) {
    return fail(fmt::format("{} of {} fields are in no sample and no fixture", fields.unseen,
                            fields.count));
  }
  return pass(fmt::format("{} mappings, {} of {} fields seen", names->size(),
                          fields.count - fields.unseen, fields.count));
}

}  // namespace junctor::conformance
