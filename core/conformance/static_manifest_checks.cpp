#include "conformance/static_manifest_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "conformance/json_schema.h"
#include "conformance/session.h"
#include "trust/bundle.h"
#include "trust/capabilities.h"
#include "trust/judge.h"
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

namespace {

// A bare library: would `junctor connector pack` make a bundle of it that can be read?
Outcome packable(Session& session) {
  if (!session.note()) return skip("there is no manifest (see S2)");
  std::vector<trust::BundleFile> files = {{trust::kManifestFile, *session.note()}};
  auto added = trust::addFile(session.path(), trust::kConnectorFile, files);
  const std::string& fixtures = session.fixtures().folder;
  if (added && !fixtures.empty()) added = trust::addFolder(fixtures, "fixtures", files);
  if (!added) return fail("cannot be packed: " + added.error().message);
  const auto made = trust::makeBundle(std::move(files));
  if (!made) return fail("cannot be packed: " + made.error().message);
  const auto read = trust::readBundle(trust::writeBundle(*made));
  if (!read) return fail("packs to what cannot be read: " + read.error().message);
  return pass(fmt::format("packs to {} files", read->files.size()));
}

}  // namespace

Outcome bundleWhole(Session& session) {
  const std::string& path = session.options().bundle;
  if (path.empty()) return packable(session);
  const auto bytes = readFile(path, limits::kBundleBytesMax);
  if (!bytes) return fail(bytes.error().message);
  const auto bundle = trust::readBundle(*bytes);
  if (!bundle) return fail("is no whole bundle: " + bundle.error().message);
  const auto signer = trust::signerOf(*bundle);
  if (!signer) return fail(signer.error().message);
  return pass(signer->empty() ? "whole, signed by nobody" : "whole, signed by " + *signer);
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
  const Json::json_pointer of_events("/webhook/schemas");
  if (session.json().contains(of_events)) {
    for (const auto& schema : session.json()[of_events].items()) {
      ++count;
      const auto compiled = compileSchema(schema.value());
      if (!compiled && problem.empty()) {
        problem = "webhook.schemas." + schema.key() + compiled.error().message;
      }
    }
  }
  if (!problem.empty()) return fail(problem);
  return count ? pass(fmt::format("{} schemas", count)) : skip("the manifest holds no schema");
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
