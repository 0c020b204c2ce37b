#include "app/cli_connector_trust.h"
#include "app/cli_output.h"
#include "app/connector_store.h"
#include "app/secret_file.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::app {
namespace {

constexpr int64_t kDefaultLifeMs = 2LL * 365 * 24 * 3'600 * 1'000;

std::string dayOrDefault(const std::string& day) {
  if (!day.empty()) return day;
  return formatRfc3339(systemClock().unixMs() + kDefaultLifeMs).substr(0, 10);
}

Json certificateJson(const trust::Certificate& certificate) {
  return {{"key", certificate.keyId()},
          {"publisher", certificate.publisher},
          {"prefix", certificate.prefix},
          {"level", trust::toString(certificate.level)},
          {"expires", certificate.expires}};
}

Result<Json> readJsonFile(const std::string& path) {
  auto text = readFile(path, limits::kTrustFileBytesMax);
  if (!text) return about(path, text.error());
  auto json = parseJson(*text);
  if (!json) return about(path, json.error());
  return json;
}

// The private half first: a public half without it would be of no use.
Result<void> writePair(const std::string& base, trust::KeyKind kind, const crypto::SigningKey& key,
                       const std::string& public_file, const std::string& public_text) {
  if (fileExists(public_file)) {
    return makeError(ErrorCode::AlreadyExists, public_file + " is there already");
  }
  JUNCTOR_CHECK(createFile(base + ".key", trust::writePrivateKey(kind, key), 0600));
  return createFile(public_file, public_text, 0644);
}

Result<int> newRoot(const CliContext& context, const std::string& base) {
  const auto key = crypto::SigningKey::generate();
  const std::string text = trust::formatPublicKey(key.publicKey());
  JUNCTOR_CHECK(writePair(base, trust::KeyKind::Root, key, base + ".pub", text + "\n"));
  if (context.json) {
    printJson({{"key", trust::keyId(key.publicKey())},
               {"public_key", text},
               {"private_file", base + ".key"},
               {"public_file", base + ".pub"}});
  } else {
    print(text);
    talk("private half: " + base +
         ".key; keep it offline. Servers believe it with\n"
         "connectors:\n  roots: [" +
         text + "]");
  }
  return kExitOk;
}

Result<int> newPublisher(const CliContext& context, const ConnectorKeyOptions& options,
                         const std::string& base) {
  const auto key = crypto::SigningKey::generate();
  const trust::Certificate certificate{options.publisher, options.prefix, trust::Level::Private,
                                       dayOrDefault(options.expires), key.publicKey()};
  JUNCTOR_TRY(const Json sealed, trust::sealCertificate(certificate, key));
  JUNCTOR_CHECK(
      writePair(base, trust::KeyKind::Publisher, key, base + ".cert", dumpJson(sealed, 1) + "\n"));
  Json json = certificateJson(certificate);
  json["private_file"] = base + ".key";
  json["certificate_file"] = base + ".cert";
  if (context.json) {
    printJson(json);
  } else {
    print(certificate.keyId());
    talk(
        fmt::format("private half: {0}.key; keep it secret. {0}.cert is public: operators add it "
                    "with\n  junctor connector trust add {0}.cert\nor a root signs it.",
                    base));
  }
  return kExitOk;
}

Result<trust::Level> trustLevelOf(const std::string& text) {
  for (const auto level : {trust::Level::Verified, trust::Level::Core}) {
    if (text == trust::toString(level)) return level;
  }
  return invalidArgument("--level must be verified or core");
}

Result<crypto::SigningKey> readRoot(const std::string& path) {
  JUNCTOR_TRY(const std::string text, readSecretFile(path));
  auto key = trust::readPrivateKey(trust::KeyKind::Root, text);
  if (!key) return about(path, key.error());
  return key;
}

// A list for other people's servers.
Result<int> sealList(const CliContext& context, const ConnectorRevokeOptions& options) {
  if (options.output.empty() || options.serial < 1 || options.what.empty()) {
    return invalidArgument("--sign needs --serial, --out and what is revoked");
  }
  JUNCTOR_TRY(const auto root, readRoot(options.sign_key));
  trust::SignedRevocations list;
  list.serial = options.serial;
  for (const std::string& what : options.what) JUNCTOR_CHECK(list.list.add(what, options.reason));
  JUNCTOR_CHECK(
      replaceFile(options.output, dumpJson(trust::sealRevocations(list, root), 1) + "\n", 0644));
  if (context.json) {
    printJson(
        {{"file", options.output}, {"serial", options.serial}, {"entries", options.what.size()}});
  } else {
    print(options.output + ": it must name everything that is revoked, not only what is new");
  }
  return kExitOk;
}

Result<int> listRevoked(const CliContext& context, trust::InstallStore& store) {
  JUNCTOR_TRY(const trust::TrustPolicy policy, store.policy());
  if (context.json) {
    Json items = Json::array();
    for (const auto& [what, reason] : policy.revoked.entries()) {
      items.push_back({{"revoked", what}, {"reason", reason}});
    }
    printJson({{"items", items}});
    return kExitOk;
  }
  Table table({"REVOKED", "REASON"});
  for (const auto& [what, reason] : policy.revoked.entries()) table.row({what, reason});
  table.print();
  if (table.size() == 0) talk("nothing is revoked");
  return kExitOk;
}

Result<std::vector<std::string>> changeRevoked(const ConnectorRevokeOptions& options,
                                               trust::InstallStore& store) {
  std::vector<std::string> changed;
  if (!options.import_file.empty()) {
    JUNCTOR_TRY(const Json sealed, readJsonFile(options.import_file));
    const auto count = store.importRevocations(sealed);
    if (!count) return about(options.import_file, count.error());
    changed.push_back(fmt::format("{} entries", *count));
  }
  for (const std::string& what : options.what) {
    if (options.undo) {
      JUNCTOR_CHECK(store.unrevoke(what));
      changed.push_back(what);
    } else {
      JUNCTOR_TRY(std::string name, store.revoke(what, options.reason));
      changed.push_back(std::move(name));
    }
  }
  return changed;
}

}  // namespace

Result<int> connectorKeyNew(const CliContext& context, const ConnectorKeyOptions& options) {
  const bool named = !options.publisher.empty() || !options.prefix.empty();
  if (options.root == named) {
    return invalidArgument("either --root, or --publisher NAME and --prefix com.acme");
  }
  if (options.root) return newRoot(context, options.output.empty() ? "root" : options.output);
  if (options.publisher.empty() || options.prefix.empty()) {
    return invalidArgument("a publisher's key needs --publisher NAME and --prefix com.acme");
  }
  return newPublisher(context, options, options.output.empty() ? "publisher" : options.output);
}

Result<int> connectorKeyCertify(const CliContext& context, const ConnectorCertifyOptions& options) {
  JUNCTOR_TRY(const trust::Level level, trustLevelOf(options.level));
  JUNCTOR_TRY(const Json offered, readJsonFile(options.certificate));
  // The key's own signature proves that whoever asks has it; a renewal has been proven before.
  auto certificate = trust::peekCertificate(offered);
  if (!certificate) return about(options.certificate, certificate.error());
  if (certificate->level == trust::Level::Private) {
    const auto own = trust::openCertificate(offered, {});
    if (!own) return about(options.certificate, own.error());
  }
  JUNCTOR_TRY(const auto root, readRoot(options.key));
  certificate->level = level;
  if (!options.prefix.empty()) certificate->prefix = options.prefix;
  certificate->expires = dayOrDefault(options.expires);
  JUNCTOR_TRY(const Json sealed, trust::sealCertificate(*certificate, root));
  const std::string output = options.output.empty() ? options.certificate : options.output;
  JUNCTOR_CHECK(replaceFile(output, dumpJson(sealed, 1) + "\n", 0644));
  Json json = certificateJson(*certificate);
  json["certificate_file"] = output;
  if (context.json) {
    printJson(json);
  } else {
    print(fmt::format("{}: {} may sign for {} as {} until {}", output,
                      visible(certificate->publisher), certificate->prefix, options.level,
                      certificate->expires));
  }
  return kExitOk;
}

Result<int> connectorTrustAdd(const CliContext& context, const std::string& file) {
  return withStore(context, [&](trust::InstallStore& store) -> Result<int> {
    JUNCTOR_TRY(const Json sealed, readJsonFile(file));
    const auto added = store.addPublisher(sealed);
    if (!added) return about(file, added.error());
    const std::string server = tellServer(context);
    Json json = certificateJson(*added);
    json["server"] = server;
    if (context.json) {
      printJson(json);
    } else {
      print(fmt::format("{} ({}) may bring in connectors {} here, until {}", added->keyId(),
                        visible(added->publisher), added->prefix, added->expires));
    }
    return kExitOk;
  });
}

Result<int> connectorTrustList(const CliContext& context) {
  return withStore(context, [&](trust::InstallStore& store) -> Result<int> {
    JUNCTOR_TRY(const trust::TrustPolicy policy, store.policy());
    Json roots = Json::array(), items = Json::array();
    Table table({"KEY", "LEVEL", "PUBLISHER", "IDS", "UNTIL"});
    for (const std::string& root : policy.roots) {
      roots.push_back({{"key", trust::keyId(root)}, {"public_key", trust::formatPublicKey(root)}});
      table.row({trust::keyId(root), "root"});
    }
    for (const trust::Certificate& publisher : policy.publishers) {
      items.push_back(certificateJson(publisher));
      table.row(
          {publisher.keyId(), "private", publisher.publisher, publisher.prefix, publisher.expires});
    }
    if (context.json) {
      printJson({{"roots", roots}, {"items", items}});
      return kExitOk;
    }
    table.print();
    if (table.size() == 0) talk("nobody: no root is configured, no publisher was added");
    return kExitOk;
  });
}

Result<int> connectorTrustRemove(const CliContext& context, const std::string& key_id) {
  return withStore(context, [&](trust::InstallStore& store) -> Result<int> {
    JUNCTOR_TRY(const auto removed, store.removePublisher(key_id));
    const std::string server = tellServer(context);
    if (context.json) {
      Json json = certificateJson(removed);
      json["server"] = server;
      printJson(json);
    } else {
      print(fmt::format("{} ({}) is no longer believed; what it brought in is not loaded any more",
                        removed.keyId(), visible(removed.publisher)));
    }
    return kExitOk;
  });
}

Result<int> connectorRevoke(const CliContext& context, const ConnectorRevokeOptions& options) {
  if (!options.sign_key.empty()) return sealList(context, options);
  if (!options.list && options.what.empty() && options.import_file.empty()) {
    return invalidArgument("what is to be revoked? ID@VERSION, a digest, a key, or --import FILE");
  }
  return withStore(context, [&](trust::InstallStore& store) -> Result<int> {
    if (options.list) return listRevoked(context, store);
    JUNCTOR_TRY(const auto changed, changeRevoked(options, store));
    const std::string server = tellServer(context);
    if (context.json) {
      printJson({{options.undo ? "unrevoked" : "revoked", changed}, {"server", server}});
    } else {
      for (const std::string& what : changed) {
        print(what + (options.undo ? " is no longer revoked" : " revoked"));
      }
    }
    return kExitOk;
  });
}

}  // namespace junctor::app
