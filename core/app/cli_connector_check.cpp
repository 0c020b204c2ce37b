#include "app/cli_connector_check.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "app/cli_output.h"
#include "app/paths.h"
#include "base/files.h"
#include "base/json_value.h"
#include "conformance/conformance.h"
#include "trust/bundle.h"

namespace junctor::app {
namespace {

using conformance::Finding;
using conformance::Report;
using conformance::Verdict;

constexpr size_t kBundleBytesMax = 256 * 1024 * 1024;
constexpr const char* kWaiverFile = "junctor-check.yaml";

// A bundle's files in a folder of their own, for as long as they are looked at.
class Unpacked {
 public:
  Unpacked() = default;
  ~Unpacked() {
    for (auto file = files_.rbegin(); file != files_.rend(); ++file) removeFile(*file);
    if (folder_.empty()) return;
    rmdir((folder_ + "/fixtures").c_str());
    rmdir(folder_.c_str());
  }
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;

  Result<std::string> unpack(const trust::Bundle& bundle) {
    char name[] = "/tmp/junctor-check-XXXXXX";
    if (!mkdtemp(name)) return internalError("no temporary folder");
    folder_ = name;
    for (const trust::BundleFile& file : bundle.files) {
      const std::string path = folder_ + "/" + file.name;
      const size_t slash = path.rfind('/');
      JUNCTOR_CHECK(makeFolders(path.substr(0, slash)));
      files_.push_back(path);
      JUNCTOR_CHECK(replaceFile(path, file.bytes, 0600));
    }
    return folder_ + "/" + trust::kConnectorFile;
  }

 private:
  std::string folder_;
  std::vector<std::string> files_;
};

// "github" -> where it is installed; a path stays as it is.
std::string libraryAt(const CliContext& context, const std::string& path) {
  if (fileExists(path) || path.find('/') != std::string::npos) return path;
  config::Problems ignored;
  const auto config =
      config::loadServerConfig(context.config_file, context.environment, context.settings, ignored);
  for (const std::string& folder : connectorFolders(config)) {
    const std::string found = folder + "/" + path + ".so";
    if (fileExists(found)) return found;
  }
  return path;
}

Result<void> locate(const CliContext& context, const std::string& path, Unpacked& unpacked,
                    conformance::Options& out) {
  out.library = libraryAt(context, path);
  const auto bytes = readFile(out.library, kBundleBytesMax);
  if (!bytes || bytes->starts_with("\x7f"
                                   "ELF"))
    return {};
  out.bundle = out.library;
  const auto bundle = trust::readBundle(*bytes);
  if (!bundle) return {};  // S1 says what it is not, S14 why
  JUNCTOR_TRY(out.library, unpacked.unpack(*bundle));
  return {};
}

Paint colourFor(Verdict verdict) {
  switch (verdict) {
    case Verdict::Pass:
      return Paint::Green;
    case Verdict::Fail:
      return Paint::Red;
    case Verdict::Waived:
      return Paint::Yellow;
    case Verdict::Skip:
      break;
  }
  return Paint::Dim;
}

void show(const Finding& finding) {
  const std::string word = fmt::format("{:<6}", conformance::toString(finding.verdict));
  std::string line = fmt::format("{:<4} {} ", finding.id, paint(word, colourFor(finding.verdict)));
  line += visible(finding.message);
  if (!finding.waived.empty()) line += visible(" (waived: " + finding.waived + ")");
  print(line);
  if (!finding.cure.empty() && finding.verdict == Verdict::Fail)
    print("            " + finding.cure);
}

void summarize(const Report& report) {
  print(fmt::format(
      "{} {} at {}: {} passed, {} failed, {} skipped, {} waived", visible(report.connector),
      visible(report.version), conformance::toString(report.level), report.count(Verdict::Pass),
      report.count(Verdict::Fail), report.count(Verdict::Skip), report.count(Verdict::Waived)));
}

int listChecks(const CliContext& context, const ConnectorCheckOptions& options) {
  if (options.markdown) {
    print(conformance::checksAsMarkdown());
    return kExitOk;
  }
  Json items = Json::array();
  Table table({"CHECK", "LEVEL", "PROVES"});
  for (const auto& check : conformance::checks()) {
    items.push_back({{"check", check.id},
                     {"group", check.group},
                     {"level", conformance::toString(check.level)},
                     {"proves", check.proves},
                     {"cure", check.cure}});
    table.row({check.id, std::string(conformance::toString(check.level)), check.proves});
  }
  if (context.json || options.json) {
    printJson({{"items", items}});
  } else {
    table.print();
  }
  return kExitOk;
}

Result<std::vector<conformance::Waiver>> waiversFor(const ConnectorCheckOptions& options) {
  if (!options.waivers.empty()) return conformance::readWaivers(options.waivers);
  if (!fileExists(kWaiverFile)) return std::vector<conformance::Waiver>();
  return conformance::readWaivers(kWaiverFile);
}

conformance::Level checkLevelOf(const std::string& name) {
  if (name == "basic") return conformance::Level::Basic;
  return name == "pedantic" ? conformance::Level::Pedantic : conformance::Level::Full;
}

}  // namespace

Result<int> connectorCheck(const CliContext& context, const ConnectorCheckOptions& options) {
  if (options.list) return listChecks(context, options);
  if (options.path.empty()) return invalidArgument("which connector? give its library");
  Unpacked unpacked;
  conformance::Options check;
  JUNCTOR_CHECK(locate(context, options.path, unpacked, check));
  check.fixtures = options.fixtures;
  check.mappings = options.mappings;
  check.include = options.include;
  check.exclude = options.exclude;
  check.level = checkLevelOf(options.level);
  check.in_process = options.in_process;
  check.seed = options.seed;
  check.timeout_s = options.timeout_s;
  JUNCTOR_TRY(check.waivers, waiversFor(options));
  const bool json = context.json || options.json;
  JUNCTOR_TRY(const Report report, conformance::runChecks(check, [&](const Finding& finding) {
                if (!json) show(finding);
              }));
  if (json) {
    printJson(conformance::reportAsJson(report));
  } else {
    summarize(report);
  }
  if (!options.junit.empty()) {
    JUNCTOR_CHECK(replaceFile(options.junit, conformance::reportAsJUnit(report), 0644));
  }
  return report.passed() ? kExitOk : kExitFinding;
}

Result<int> connectorFuzz(const CliContext& context, const ConnectorFuzzOptions& options) {
  conformance::FuzzOptions fuzz;
  fuzz.library = libraryAt(context, options.path);
  fuzz.fixtures = options.fixtures;
  fuzz.seed = options.seed;
  fuzz.rounds = options.rounds;
  fuzz.folder = options.folder;
  fuzz.reproduce = options.reproduce;
  JUNCTOR_TRY(const conformance::FuzzResult result, conformance::fuzz(fuzz));
  if (context.json) {
    printJson({{"rounds", result.rounds},
               {"seed", options.seed},
               {"failure", result.failure},
               {"reproducer", result.reproducer}});
  } else if (result.failure.empty()) {
    print(fmt::format("{} rounds with seed {}: nothing broke", result.rounds, options.seed));
  } else {
    print(visible(
        fmt::format("round {} of seed {}: {}", result.rounds - 1, options.seed, result.failure)));
    if (!result.reproducer.empty()) {
      print(visible(fmt::format("junctor connector fuzz {} --reproduce {}", options.path,
                                result.reproducer)));
    }
  }
  return result.failure.empty() ? kExitOk : kExitFinding;
}

}  // namespace junctor::app
