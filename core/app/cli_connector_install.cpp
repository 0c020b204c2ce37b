#include <unistd.h>

#include <cstdio>

#include "app/cli_connector_trust.h"
#include "app/cli_output.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::app {
namespace {

void showOffer(const trust::Offer& offer) {
  const trust::Verdict& verdict = offer.verdict;
  talk(fmt::format("{} {}{}: {}{}", offer.bundle.id, offer.bundle.version,
                   offer.replaces ? " (replaces " + offer.replaces->version + ")" : "",
                   trust::toString(verdict.level),
                   verdict.publisher.empty() ? "" : ", signed by " + visible(verdict.publisher)));
  if (offer.widenings.empty()) return;
  talk(offer.replaces ? "It asks for more than before:" : "It asks for:");
  for (const std::string& line : offer.widenings) talk("  " + visible(line));
}

// Only a person at a terminal is asked.
bool askForConsent() {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return false;
  std::fputs("Allow this? [y/N] ", stderr);
  std::fflush(stderr);
  char answer[16] = {};
  if (!std::fgets(answer, sizeof answer, stdin)) return false;
  return answer[0] == 'y' || answer[0] == 'Y';
}

Json offerJson(const trust::Offer& offer) {
  Json json = {{"id", offer.bundle.id},
               {"version", offer.bundle.version},
               {"digest", offer.bundle.digest},
               {"accepted", offer.widenings},
               {"capabilities", trust::toJson(offer.bundle.capabilities)}};
  json.update(verdictJson(offer.verdict));
  if (offer.replaces) json["replaces"] = offer.replaces->version;
  return json;
}

Result<int> installBytes(const CliContext& context, const ConnectorInstallOptions& options,
                         const std::string& bytes, trust::InstallStore& store) {
  const auto offer = store.offer(bytes);
  if (!offer) return about(options.file, offer.error());
  showOffer(*offer);
  trust::InstallOptions chosen{options.accept, options.allow_downgrade};
  if (!offer->widenings.empty() && !chosen.accept) chosen.accept = askForConsent();
  const auto done = store.install(bytes, chosen);
  if (!done) return about(options.file, done.error());
  const std::string server = tellServer(context);
  if (context.json) {
    Json json = offerJson(*done);
    json["server"] = server;
    printJson(json);
  } else {
    print(fmt::format("{} {} installed ({})", done->bundle.id, done->bundle.version,
                      trust::toString(done->verdict.level)));
  }
  if (done->verdict.level == trust::Level::Unsigned) {
    talk("it is unsigned: only a server started with --dev loads it");
  }
  return kExitOk;
}

}  // namespace

Result<int> connectorInstall(const CliContext& context, const ConnectorInstallOptions& options) {
  auto bytes = readFile(options.file, limits::kBundleBytesMax);
  if (!bytes) return about(options.file, bytes.error());
  return withStore(
      context,
      [&](trust::InstallStore& store) { return installBytes(context, options, *bytes, store); },
      options.dev);
}

Result<int> connectorRollback(const CliContext& context, const std::string& id) {
  return withStore(context, [&](trust::InstallStore& store) -> Result<int> {
    const auto active = store.rollback(id);
    if (!active) return makeError(ErrorCode::NotFound, active.error().message);
    const std::string server = tellServer(context);
    if (context.json) {
      printJson({{"id", id},
                 {"version", active->version},
                 {"digest", active->digest},
                 {"server", server}});
    } else {
      print(id + " is at " + active->version + " again");
    }
    return kExitOk;
  });
}

Result<int> connectorUninstall(const CliContext& context, const std::string& id) {
  return withStore(context, [&](trust::InstallStore& store) -> Result<int> {
    JUNCTOR_CHECK(store.uninstall(id));
    const std::string server = tellServer(context);
    if (context.json) {
      printJson({{"id", id}, {"uninstalled", true}, {"server", server}});
    } else {
      print(id + " uninstalled");
    }
    return kExitOk;
  });
}

}  // namespace junctor::app
