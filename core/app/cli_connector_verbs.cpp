#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli_commands.h"
#include "app/cli_connector_trust.h"

namespace junctor::app {
namespace {

// A verb whose options live as long as it does.
template <class Options>
CLI::App* verb(CLI::App& parent, CliAction& chosen, const char* name, const char* what,
               const char* examples, const std::shared_ptr<Options>& options,
               Result<int> (*run)(const CliContext&, const Options&)) {
  CLI::App* cmd = parent.add_subcommand(name, what);
  cmd->footer(std::string("Examples:\n") + examples);
  cmd->callback([options, run, &chosen] {
    chosen = [options, run](const CliContext& context) { return run(context, *options); };
  });
  return cmd;
}

void addBundles(CLI::App& connector, CliAction& chosen) {
  const auto pack = std::make_shared<ConnectorPackOptions>();
  CLI::App* cmd = verb(connector, chosen, "pack", "One file of a connector, to hand over",
                       "  junctor connector pack .\n"
                       "  junctor connector pack build/my-shop.so --with . -O my-shop.junctor",
                       pack, connectorPack);
  cmd->add_option("path", pack->path, "Folder of the project, or its .so")->required();
  cmd->add_option("--with", pack->extras, "Folder with README.md, LICENSE and fixtures/");
  cmd->add_option("-O,--out", pack->output, "Bundle to write (default ID-VERSION.junctor)");

  const auto sign = std::make_shared<ConnectorSignOptions>();
  cmd = verb(connector, chosen, "sign", "Vouch for a bundle",
             "  junctor connector sign shop-1.0.0.junctor --key acme.key --certificate acme.cert",
             sign, connectorSign);
  cmd->add_option("bundle", sign->bundle, "Bundle, as pack wrote it")->required();
  cmd->add_option("--key", sign->key, "The publisher's private key")->required();
  cmd->add_option("--certificate", sign->certificate, "Its certificate")->required();
  cmd->add_option("-O,--out", sign->output, "Write there (default: in place)");

  const auto what = std::make_shared<std::string>();
  cmd = verb(connector, chosen, "inspect", "What a bundle, or an installed connector, is",
             "  junctor connector inspect shop-1.0.0.junctor\n"
             "  junctor connector inspect com.acme.shop --output json",
             what, connectorInspect);
  cmd->add_option("what", *what, "A file, or an id")->required();
}

void addInstall(CLI::App& connector, CliAction& chosen) {
  const auto install = std::make_shared<ConnectorInstallOptions>();
  CLI::App* cmd =
      verb(connector, chosen, "install", "Bring in a bundle, or its new version",
           "  junctor connector install shop-1.0.0.junctor\n"
           "  junctor connector install shop-1.1.0.junctor --accept-capabilities -o json",
           install, connectorInstall);
  cmd->add_option("file", install->file, "Bundle")->required();
  cmd->add_flag("--accept-capabilities", install->accept, "Allow what it asks for, unasked");
  cmd->add_flag("--allow-downgrade", install->allow_downgrade, "Even if it is older");
  cmd->add_flag("--dev", install->dev, "Even if it is unsigned; only serve --dev loads it");

  const auto back = std::make_shared<std::string>();
  cmd = verb(connector, chosen, "rollback", "Return to the version before",
             "  junctor connector rollback com.acme.shop", back, connectorRollback);
  cmd->add_option("id", *back, "Its id")->required();
  const auto gone = std::make_shared<std::string>();
  cmd = verb(connector, chosen, "uninstall", "Take a connector out",
             "  junctor connector uninstall com.acme.shop", gone, connectorUninstall);
  cmd->add_option("id", *gone, "Its id")->required();

  const auto revoke = std::make_shared<ConnectorRevokeOptions>();
  cmd = verb(connector, chosen, "revoke", "What must not run, whoever signed it",
             "  junctor connector revoke com.acme.shop@1.0.0 --reason 'leaks tokens'\n"
             "  junctor connector revoke key_… --undo\n"
             "  junctor connector revoke --import revocations.json",
             revoke, connectorRevoke);
  cmd->add_option("what", revoke->what, "ID@VERSION, a bundle's digest, or a key's id");
  cmd->add_option("--reason", revoke->reason, "Told to whoever meets it");
  cmd->add_option("--import", revoke->import_file, "A list signed by a root");
  cmd->add_flag("--undo", revoke->undo, "Take it off this installation's list");
  cmd->add_flag("--list", revoke->list, "Everything that is revoked here");
  cmd->add_option("--sign", revoke->sign_key, "Make a list for others, with this root key");
  cmd->add_option("--serial", revoke->serial, "Its number; higher than the one before");
  cmd->add_option("-O,--out", revoke->output, "Where to write it");
}

void addKeys(CLI::App& connector, CliAction& chosen) {
  CLI::App* key = connector.add_subcommand("key", "Keys that sign connectors");
  key->require_subcommand(1);
  const auto fresh = std::make_shared<ConnectorKeyOptions>();
  CLI::App* cmd = verb(*key, chosen, "new", "A key pair",
                       "  junctor connector key new --publisher 'Acme Inc' --prefix com.acme\n"
                       "  junctor connector key new --root -O offline/root",
                       fresh, connectorKeyNew);
  cmd->add_flag("--root", fresh->root, "A root, which vouches for publishers");
  cmd->add_option("--publisher", fresh->publisher, "Name of the publisher");
  cmd->add_option("--prefix", fresh->prefix, "Ids it signs for: com.acme = also com.acme.shop");
  cmd->add_option("--expires", fresh->expires, "Last day, as 2028-01-31 (default in two years)");
  cmd->add_option("-O,--out", fresh->output, "Path without ending (default publisher, root)");

  const auto certify = std::make_shared<ConnectorCertifyOptions>();
  cmd = verb(*key, chosen, "certify", "A root vouches for a publisher's key",
             "  junctor connector key certify acme.cert --key root.key --expires 2028-01-31",
             certify, connectorKeyCertify);
  cmd->add_option("certificate", certify->certificate, "Certificate of the publisher")->required();
  cmd->add_option("--key", certify->key, "The root's private key")->required();
  cmd->add_option("--level", certify->level, "verified or core (default verified)");
  cmd->add_option("--prefix", certify->prefix, "Ids, if other than the publisher asked for");
  cmd->add_option("--expires", certify->expires, "Last day, as 2028-01-31 (default in two years)");
  cmd->add_option("-O,--out", certify->output, "Write there (default: in place)");

  CLI::App* trust = connector.add_subcommand("trust", "Publishers this installation believes");
  trust->require_subcommand(1);
  const auto file = std::make_shared<std::string>();
  cmd = verb(*trust, chosen, "add", "Believe a publisher's key, here",
             "  junctor connector trust add acme.cert", file, connectorTrustAdd);
  cmd->add_option("certificate", *file, "Its certificate")->required();
  cmd = trust->add_subcommand("list", "Roots and publishers");
  cmd->callback([&chosen] { chosen = connectorTrustList; });
  const auto id = std::make_shared<std::string>();
  cmd = verb(*trust, chosen, "remove", "Believe it no longer",
             "  junctor connector trust remove key_…", id, connectorTrustRemove);
  cmd->add_option("key", *id, "Id of the key")->required();
}

void addRunning(CLI::App& connector, CliAction& chosen) {
  CLI::App* cmd = connector.add_subcommand("reload", "Have the server look for new connectors");
  cmd->footer("Examples:\n  junctor connector reload");
  cmd->callback([&chosen] { chosen = connectorReload; });
  const auto id = std::make_shared<std::string>();
  cmd = verb(connector, chosen, "release", "Let a quarantined connector run again",
             "  junctor connector release com.acme.shop", id, connectorRelease);
  cmd->add_option("id", *id, "Its id")->required();
}

}  // namespace

void addConnectorTrust(CLI::App& connector, CliAction& chosen) {
  addBundles(connector, chosen);
  addInstall(connector, chosen);
  addKeys(connector, chosen);
  addRunning(connector, chosen);
}

}  // namespace junctor::app
