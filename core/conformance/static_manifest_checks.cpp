#include "conformance/static_manifest_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "base/json_doc.h"
#include "base/json_value.h"
#include "conformance/json_schema.h"
#include "conformance/session.h"
#include "trust/capabilities.h"
#include "trust/version.h"

namespace junctor::conformance {
namespace {

// Calls `visit` for every member of every object, with its path.
using Visit = std::function<void(const std::string& path, const std::string& key, const Json&)>;
void walk(const Json& json, const std::string& path, const Visit& visit) {
  if (json.is_array()) {
    for (size_t i = 0; i < json.size(); ++i) walk(json[i], fmt::format("{}[{}]", path, i), visit);
  }
  if (!json.is_object()) return;
  for (const auto& member : json.items()) {
    const std::string inside = path.empty() ? member.key() : path + "." + member.key();
    visit(inside, member.key(), member.value());
    walk(member.value(), inside, visit);
  }
}

bool namesSchema(const std::string& key) {
  constexpr std::string_view kKeys[] = {"schema", "input", "output", "input_schema",
                                        "output_schema"};
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

}  // namespace

Outcome manifestValid(Session& session) {
  if (!session.note()) return skip("there is no manifest (see S2)");
  return session.manifest() ? pass() : fail(session.manifest().error().message);
}

Outcome noteEqualsSidecar(Session& session) {
  if (!session.note()) return skip("there is no manifest (see S2)");
  const auto beside = session.sidecar("manifest.json");
  if (!beside) return skip("there is no manifest.json beside the library");
  if (*beside == *session.note()) return pass();
  const auto differs =
      std::mismatch(beside->begin(), beside->end(), session.note()->begin(), session.note()->end());
  return fail(
      fmt::format("manifest.json differs from byte {} on", differs.first - beside->begin()));
}

Outcome identity(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  const plugin::Manifest& manifest = *session.manifest();
  if (!trust::Version::parse(manifest.version)) {
    return fail(fmt::format("version '{}' is not semantic (1.2.3)", manifest.version));
  }
  const std::string& id = manifest.id;
  const bool dots = !id.starts_with('.') && !id.ends_with('.') && id.find("..") == id.npos;
  if (!dots) return fail(fmt::format("id '{}' has an empty part", id));
  if (id.find('.') == id.npos) {
    const std::string why = "id '" + id + "' is one word, which only Junctor's own connectors have";
    return session.level() == Level::Pedantic ? fail(why) : pass(why);
  }
  return pass();
}

Outcome bundleWhole(Session& session) {
  if (session.options().bundle.empty()) return skip("checked as a bare library, not from a bundle");
  return pass(session.options().bundle);  // it would not have been unpacked otherwise
}

Outcome schemasCompile(Session& session) {
  if (!session.json().is_object()) return skip("there is no manifest (see S2)");
  size_t count = 0;
  std::string problem;
  walk(session.json(), "", [&](const std::string& path, const std::string& key, const Json& value) {
    if (!namesSchema(key) || !(value.is_object() || value.is_boolean())) return;
    ++count;
    const auto compiled = compileSchema(value);
    if (!compiled && problem.empty()) problem = path + compiled.error().message;
  });
  if (!problem.empty()) return fail(problem);
  return count ? pass(fmt::format("{} schemas", count)) : skip("the manifest holds no schema");
}

Outcome mappingsPoint(Session& session) {
  const Json& json = session.json();
  if (!json.is_object() || !json.contains("default_mappings")) {
    return skip("the manifest has no default mappings");
  }
  std::string missing;
  walk(json["default_mappings"], "default_mappings",
       [&](const std::string& path, const std::string&, const Json& value) {
         if (!value.is_string() || !value.get<std::string>().starts_with('/')) return;
         const auto pointer = value.get<std::string>();
         bool found = false;
         for (const Fixture& fixture : session.fixtures().list) {
           JsonDoc document;
           const auto root = document.parse(fixture.bytes);
           found = found || (root && root->pointer(pointer).valid());
         }
         if (!found && missing.empty()) missing = path + ": no fixture has " + pointer;
       });
  return missing.empty() ? pass() : fail(missing);
}

Outcome hostsLegal(Session& session) {
  const Json& json = session.json();
  if (!json.is_object() || !json.contains("capabilities")) {
    return skip("the manifest asks for no capabilities");
  }
  const auto read = trust::readCapabilities(json["capabilities"], "capabilities");
  if (!read) return fail(read.error().message);
  return pass(fmt::format("{} hosts", read->hosts.size()));
}

}  // namespace junctor::conformance
