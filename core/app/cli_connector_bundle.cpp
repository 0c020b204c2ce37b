#include "app/cli_connector_trust.h"
#include "app/cli_output.h"
#include "app/connector_store.h"
#include "app/secret_file.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "plugin/connector.h"

namespace junctor::app {
namespace {

constexpr const char* kEnding = ".junctor";

// Where a build leaves the code of a project folder, the likeliest first.
Result<std::string> findCode(const std::string& folder) {
  for (const char* place : {"", "/build", "/build/lib/junctor/connectors"}) {
    const auto names = listFolder(folder + place);
    if (!names) continue;
    std::vector<std::string> found;
    for (const std::string& name : *names) {
      if (name.ends_with(".so")) found.push_back(folder + place + "/" + name);
    }
    if (found.size() == 1) return found[0];
    if (found.size() > 1) {
      return invalidArgument(folder + place + " holds several .so: name one of them");
    }
  }
  return notFound("there is no .so in " + folder + " or its build/: build the connector first");
}

Result<void> addExtras(const std::string& folder, const plugin::Manifest& manifest,
                       std::vector<trust::BundleFile>& files) {
  for (const char* name : {"README.md", "LICENSE"}) {
    if (fileExists(folder + "/" + name)) {
      JUNCTOR_CHECK(trust::addFile(folder + "/" + name, name, files));
    }
  }
  if (isFolder(folder + "/fixtures")) {
    JUNCTOR_CHECK(trust::addFolder(folder + "/fixtures", "fixtures", files));
  }
  const auto text = readFile(folder + "/" + trust::kManifestFile, limits::kManifestBytesMax);
  if (text && *text != manifest.json) {
    return invalidArgument(folder +
                           "/manifest.json is not the one the .so was built with: build "
                           "it again");
  }
  return {};
}

Result<trust::Bundle> collect(const ConnectorPackOptions& options) {
  const bool whole = isFolder(options.path);
  if (!whole && !fileExists(options.path)) return notFound("there is no " + options.path);
  JUNCTOR_TRY(const std::string code, whole ? findCode(options.path) : Result(options.path));
  auto manifest = plugin::readManifest(code);
  if (!manifest) return about(code, manifest.error());
  std::vector<trust::BundleFile> files = {{trust::kManifestFile, manifest->json}};
  JUNCTOR_CHECK(trust::addFile(code, trust::kConnectorFile, files));
  const std::string extras = options.extras.empty() && whole ? options.path : options.extras;
  if (!extras.empty()) JUNCTOR_CHECK(addExtras(extras, *manifest, files));
  for (const plugin::Sample& sample : manifest->samples) {
    const std::string name = "fixtures/" + sample.file;
    const bool there = std::any_of(files.begin(), files.end(),
                                   [&](const auto& file) { return file.name == name; });
    if (!there) talk("its manifest names the sample " + name + ", which is not there");
  }
  return trust::makeBundle(std::move(files));
}

Result<void> writeBundleFile(const std::string& path, const trust::Bundle& bundle) {
  return replaceFile(path, trust::writeBundle(bundle), 0644);
}

Json filesJson(const trust::Bundle& bundle) {
  Json files = Json::array();
  for (const trust::BundleFile& file : bundle.files) {
    files.push_back({{"path", file.name}, {"size", file.bytes.size()}});
  }
  return files;
}

Json bundleJson(const trust::Bundle& bundle) {
  return {{"id", bundle.id},
          {"version", bundle.version},
          {"digest", bundle.digest},
          {"signed", !bundle.signature.empty()},
          {"capabilities", trust::toJson(bundle.capabilities)},
          {"files", filesJson(bundle)}};
}

void printBundle(const trust::Bundle& bundle) {
  print(paint(bundle.id, Paint::Bold) + " " + bundle.version);
  print("digest  " + bundle.digest);
  const auto asks = trust::describe(bundle.capabilities);
  if (asks.empty()) print("asks for nothing: no network, no credentials, no storage");
  for (const std::string& line : asks) print("asks for  " + visible(line));
  Table table({"FILE", "BYTES"});
  for (const trust::BundleFile& file : bundle.files) {
    table.row({file.name, std::to_string(file.bytes.size())});
  }
  table.print();
}

Result<int> inspectFile(const CliContext& context, const std::string& path) {
  auto bytes = readFile(path, limits::kBundleBytesMax);
  if (!bytes) return about(path, bytes.error());
  auto bundle = trust::readBundle(*bytes);
  if (!bundle) return about(path, bundle.error());
  return withStore(context, [&](trust::InstallStore& store) -> Result<int> {
    const auto offer = store.offer(*bytes);
    Json json = bundleJson(*bundle);
    if (offer) {
      json["verdict"] = verdictJson(offer->verdict);
      json["to_accept"] = offer->widenings;
    } else {
      json["refused"] = offer.error().message;
    }
    if (context.json) {
      printJson(json);
      return offer ? kExitOk : kExitFinding;
    }
    printBundle(*bundle);
    if (!offer) {
      print(paint("refused here: " + visible(offer.error().message), Paint::Red));
      return kExitFinding;
    }
    const trust::Verdict& verdict = offer->verdict;
    print(verdict.level == trust::Level::Unsigned
              ? "unsigned"
              : fmt::format("{}: signed by {} ({}, until {})", trust::toString(verdict.level),
                            visible(verdict.publisher), verdict.key_id, verdict.expires));
    return kExitOk;
  });
}

Result<int> inspectInstalled(const CliContext& context, const std::string& id) {
  return withStore(context, [&](trust::InstallStore& store) -> Result<int> {
    JUNCTOR_TRY(const auto all, store.list());
    for (const trust::Installed& installed : all) {
      if (installed.id != id) continue;
      const auto loaded = store.load(id);
      const trust::InstalledVersion& active = installed.active();
      Json before = Json::array();
      for (const auto& version : installed.history) {
        if (version.digest != active.digest) before.push_back(version.version);
      }
      Json json = {{"id", id},
                   {"version", active.version},
                   {"digest", active.digest},
                   {"level", trust::toString(active.level)},
                   {"publisher", active.publisher},
                   {"key", active.key_id},
                   {"installed_at", formatRfc3339(active.installed_at_ms)},
                   {"accepted", trust::toJson(active.accepted)},
                   {"before", before}};
      if (!loaded) json["refused"] = loaded.error().message;
      if (context.json) {
        printJson(json);
      } else {
        print(paint(id, Paint::Bold) + " " + active.version + ", " + cell(json, "level") +
              (active.publisher.empty() ? "" : ", by " + visible(active.publisher)));
        print("digest  " + active.digest);
        for (const auto& line : trust::describe(active.accepted)) print("may use  " + line);
        for (const Json& version : before) print("before  " + version.get<std::string>());
        if (!loaded) print(paint("refused: " + visible(loaded.error().message), Paint::Red));
      }
      return loaded ? kExitOk : kExitFinding;
    }
    return notFound("there is no file and no installed connector '" + id + "'");
  });
}

}  // namespace

Result<int> connectorPack(const CliContext& context, const ConnectorPackOptions& options) {
  auto bundle = collect(options);
  if (!bundle) return about(options.path, bundle.error());
  const std::string output =
      options.output.empty() ? bundle->id + "-" + bundle->version + kEnding : options.output;
  JUNCTOR_CHECK(writeBundleFile(output, *bundle));
  if (context.json) {
    Json json = bundleJson(*bundle);
    json["file"] = output;
    printJson(json);
  } else {
    printBundle(*bundle);
    print("packed  " + output + " (not signed yet: junctor connector sign)");
  }
  return kExitOk;
}

Result<int> connectorSign(const CliContext& context, const ConnectorSignOptions& options) {
  auto bytes = readFile(options.bundle, limits::kBundleBytesMax);
  if (!bytes) return about(options.bundle, bytes.error());
  auto bundle = trust::readBundle(*bytes);
  if (!bundle) return about(options.bundle, bundle.error());
  JUNCTOR_TRY(const std::string secret, readSecretFile(options.key));
  auto key = trust::readPrivateKey(trust::KeyKind::Publisher, secret);
  if (!key) return about(options.key, key.error());
  JUNCTOR_TRY(const std::string text,
              readFile(options.certificate, limits::kBundleSignatureBytesMax));
  const auto certificate = parseJson(text);
  if (!certificate) return about(options.certificate, certificate.error());
  auto done = trust::signBundle(*bundle, *key, *certificate);
  if (!done) return about(options.bundle, done.error());
  const std::string output = options.output.empty() ? options.bundle : options.output;
  JUNCTOR_CHECK(writeBundleFile(output, *bundle));
  const std::string id = trust::keyId(key->publicKey());
  if (context.json) {
    printJson({{"file", output},
               {"id", bundle->id},
               {"version", bundle->version},
               {"digest", bundle->digest},
               {"key", id}});
  } else {
    print(fmt::format("signed  {} ({} {}) with {}", output, bundle->id, bundle->version, id));
  }
  return kExitOk;
}

Result<int> connectorInspect(const CliContext& context, const std::string& what) {
  return fileExists(what) && !isFolder(what) ? inspectFile(context, what)
                                             : inspectInstalled(context, what);
}

}  // namespace junctor::app
