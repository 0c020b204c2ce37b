// `junctor connector dev`: a server with the connector one is writing. Saves rebuild and reload it;
// events and errors are printed as they come.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <set>

#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_connector_sdk.h"
#include "app/cli_output.h"
#include "app/dev_server.h"
#include "app/dev_watch.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "plugin/connector.h"

namespace junctor::app {
namespace {

constexpr int kTailPauseMs = 250;
constexpr int kSettleMs = 150;  // an editor's save, a linker's output: several events
constexpr int kOutcomeMs = 15'000;
constexpr size_t kTailPage = 250;
constexpr std::string_view kUnprocessed = ".unprocessed";

std::string secondsText(int64_t duration_ms) {
  return fmt::format("{:.1f} s", static_cast<double>(duration_ms) / 1000);
}

// The project or library that the user named.
struct Work {
  std::string folder;   // of the project; of the library if it has none
  std::string library;  // "" = the one that the build makes
  bool has_build = false;

  static Result<Work> find(const std::string& path) {
    Work work;
    if (path.ends_with(".so") && fileExists(path)) {
      work.library = absolutePath(path);
      work.folder = work.library.substr(0, work.library.rfind('/'));
      return work;
    }
    if (!isFolder(path)) return notFound(path + " is neither a folder nor a .so");
    work.folder = absolutePath(path);
    work.has_build = fileExists(work.folder + "/build.sh");
    return work;
  }

  // The one library below, that has a manifest.
  Result<std::string> built() const {
    if (!library.empty()) return library;
    std::vector<std::string> found;
    for (const std::string& place : {folder + "/build", folder}) {
      const auto names = listFolder(place);
      if (!names) continue;
      for (const std::string& name : *names) {
        const std::string path = place + "/" + name;
        if (name.ends_with(".so") && plugin::readManifest(path)) found.push_back(path);
      }
    }
    if (found.size() == 1) return found[0];
    if (found.empty()) return notFound("there is no connector (*.so) in " + folder + "/build");
    return invalidArgument("several connectors are in " + folder + ": name one of them");
  }

  // Fixtures stand beside the manifest.
  std::string fixtures() const {
    for (const char* place : {"/fixtures", "/../fixtures"}) {
      if (isFolder(folder + place)) return folder + place;
    }
    return {};
  }
};

class DevLoop {
 public:
  DevLoop(Work work, const ConnectorDevOptions& options, DevServer server, bool json)
      : work_(std::move(work)), options_(options), server_(std::move(server)), json_(json) {}

  // Builds if it can, loads, replays if asked to. What fails is told; false then.
  bool renew() {
    if (work_.has_build) {
      const int64_t start = systemClock().monotonicMs();
      if (!runScript(work_.folder + "/build.sh", server_.context().environment)) {
        talk(paint("the build failed; the server keeps what it has", Paint::Red));
        return false;
      }
      talk("built in " + secondsText(systemClock().monotonicMs() - start));
    }
    const auto done = loadAndReplay();
    if (!done) talk(paint(visible(done.error().message), Paint::Red));
    return done && good_;
  }

  // `watch` was opened before the first build, so that no save is missed.
  int run(DevWatch& watch) {
    sigset_t stops;
    ::sigemptyset(&stops);
    ::sigaddset(&stops, SIGINT);
    ::sigaddset(&stops, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &stops, nullptr);
    const Descriptor stop(::signalfd(-1, &stops, SFD_CLOEXEC));
    talk("watching " + work_.folder + "; Ctrl-C stops it");
    for (;;) {
      std::array<pollfd, 3> waits = {
          pollfd{stop.get(), POLLIN, 0}, {watch.fd(), POLLIN, 0}, {server_.output(), POLLIN, 0}};
      ::poll(waits.data(), waits.size(), kTailPauseMs);
      if (waits[0].revents) return kExitOk;
      if (waits[1].revents) onChange(watch);
      tail();
    }
  }

  const std::string& folder() const { return work_.folder; }
  bool builds() const { return work_.has_build; }

 private:
  void onChange(DevWatch& watch) {
    ::poll(nullptr, 0, kSettleMs);
    const DevChanges changes = watch.read();
    if (work_.has_build ? changes.sources : changes.library) {
      renew();
    }
  }

  Result<void> loadAndReplay() {
    JUNCTOR_TRY(const std::string library, work_.built());
    JUNCTOR_TRY(manifest_, plugin::readManifest(library));
    const std::string before = server_.loaded();
    auto loaded = server_.load(library, manifest_.id);
    showLog();
    if (!loaded) return loaded.error();
    JUNCTOR_CHECK(checkAccepted());
    if (before != server_.loaded()) {
      talk(paint(
          fmt::format("{} {} is loaded ({})", manifest_.id, manifest_.version, server_.loaded()),
          Paint::Green));
    }
    if (before.empty()) tellAddress();
    return options_.replay ? replay() : Result<void>();
  }

  // A library that the server refuses is listed with the reason.
  Result<void> checkAccepted() {
    JUNCTOR_TRY(AdminClient client, AdminClient::connect(server_.context()));
    JUNCTOR_TRY(const Json answer, client.get("/v1/connectors"));
    for (const Json& refused : answer.value("refused", Json::array())) {
      if (cell(refused, "path").find(server_.loaded()) == std::string::npos) continue;
      return invalidArgument("the server refuses it: " + cell(refused, "reason"));
    }
    return {};
  }

  void tellAddress() const {
    auto client = AdminClient::connect(server_.context());
    if (!client) return;
    talk(fmt::format("webhooks  {}/v1/webhooks/incoming/{}\nsecret    {}", client->publicUrl(),
                     DevServer::kIntegration,
                     server_.context().environment.at("JUNCTOR_DEV_SECRET")));
  }

  Result<void> replay() {
    std::set<std::string> waiting;
    if (!options_.payload.empty()) {
      if (manifest_.samples.empty()) return invalidArgument("the manifest has no sample");
      JUNCTOR_CHECK(post(manifest_.samples[0].event, options_.payload, waiting));
    }
    const std::string fixtures = work_.fixtures();
    for (const plugin::Sample& sample : manifest_.samples) {
      if (!options_.payload.empty()) break;
      if (fixtures.empty()) return notFound("there is no folder fixtures/ beside the connector");
      JUNCTOR_CHECK(post(sample.event, fixtures + "/" + sample.file, waiting));
    }
    const int64_t end = systemClock().monotonicMs() + kOutcomeMs;
    while (!waiting.empty() && systemClock().monotonicMs() < end) {
      tail();
      for (const std::string& id : seen_) waiting.erase(id);
      if (!waiting.empty()) ::poll(nullptr, 0, kTailPauseMs / 5);
    }
    tail();
    if (waiting.empty()) return {};
    good_ = false;
    return makeError(ErrorCode::DeadlineExceeded, "no event came of a replayed webhook");
  }

  Result<void> post(const std::string& event, const std::string& file,
                    std::set<std::string>& waiting) {
    SendOptions options;
    options.connector = manifest_.id;
    options.event = event;
    options.integration = DevServer::kIntegration;
    options.payload_file = file;
    JUNCTOR_TRY(const Json sent, sendSample(server_.context(), options));
    const int status = sent.value("status", 0);
    const bool taken = status >= 200 && status < 300;
    good_ = good_ && taken;
    talk(paint(visible(fmt::format("replay {}: {} {}", file.substr(file.rfind('/') + 1), status,
                                   cell(sent, "answer"))),
               taken ? Paint::Dim : Paint::Red));
    if (taken && !cell(sent, "event_id").empty()) waiting.insert(cell(sent, "event_id"));
    return {};
  }

  // Prints what is new: the log, then events.
  void tail() {
    showLog();
    if (!server_.running()) {
      if (!down_) talk(paint("the server has ended; the next change starts it again", Paint::Red));
      down_ = true;
      return;
    }
    down_ = false;
    auto client = AdminClient::connect(server_.context());
    if (!client) return;
    const std::string base = std::string("/v1/tenants/") + DevServer::kTenant + "/events";
    auto events = client->list(base, kTailPage);
    if (!events) return;
    for (auto event = events->rbegin(); event != events->rend(); ++event) {
      const std::string id = cell(*event, "id");
      if (seen_.contains(id)) continue;
      auto whole = client->get(base + "/" + percentEncode(id));
      if (whole) show(*whole);
      seen_.insert(id);
    }
  }

  void show(const Json& event) {
    if (json_) {
      printJsonLine(event);
    } else {
      showEvent(event);
    }
    for (const Json& delivery : event.value("deliveries", Json::array())) {
      if (cell(delivery, "state") != "dead") continue;
      good_ = false;
      talk(paint("  " + visible(cell(delivery, "reason")), Paint::Red));
    }
  }

  static void showEvent(const Json& event) {
    const std::string type = cell(event, "type");
    const bool failed = type.ends_with(kUnprocessed);
    print(paint(visible(fmt::format("{}  {}", shortTime(cell(event, "received_at")), type)),
                failed ? Paint::Red : Paint::Bold));
    const Json resource = event.value("resource", Json::object());
    const std::string about = cell(resource, "type") + "/" + cell(resource, "id");
    line("id", cell(event, "source_event_id"));
    line("resource", about == "/" ? "" : about);
    line("occurred", cell(event, "occurred_at"));
    for (const char* key : {"actor", "data", "metadata"}) line(key, cell(event, key));
  }

  static void line(const char* name, const std::string& value) {
    if (!value.empty()) print(fmt::format("  {:<9} {}", name, visible(clipped(value, 200))));
  }

  // Warnings and errors of the server, and whatever the connector itself logs.
  void showLog() {
    std::array<char, 8192> buffer{};
    for (;;) {
      const ssize_t size =
          server_.output() < 0 ? -1 : ::read(server_.output(), buffer.data(), buffer.size());
      if (size <= 0) break;
      log_.append(buffer.data(), static_cast<size_t>(size));
    }
    for (size_t end = log_.find('\n'); end != log_.npos; end = log_.find('\n')) {
      showLogLine(log_.substr(0, end));
      log_.erase(0, end + 1);
    }
  }

  static void showLogLine(const std::string& text) {
    const auto entry = parseJson(text);
    if (!entry || !entry->is_object()) {
      if (!text.empty()) talk("  log  " + visible(text));  // not the server's: printed by somebody
      return;
    }
    const std::string level = cell(*entry, "level");
    const bool grave = level.starts_with("warn") || level.starts_with("err");
    if (!grave && !entry->contains("connector")) return;
    talk(paint(visible("  log  " + level + "  " + cell(*entry, "msg")),
               grave ? Paint::Yellow : Paint::Dim));
  }

  Work work_;
  const ConnectorDevOptions& options_;
  DevServer server_;
  const bool json_;
  plugin::Manifest manifest_;
  std::set<std::string> seen_;
  std::string log_;
  bool good_ = true, down_ = false;
};

}  // namespace

Result<int> connectorDev(const CliContext& context, const ConnectorDevOptions& options) {
  JUNCTOR_TRY(Work work, Work::find(options.path));
  DevServerOptions server_options;
  if (options.port != 0) server_options.public_address = fmt::format("127.0.0.1:{}", options.port);
  if (!options.settings_file.empty()) {
    JUNCTOR_TRY(server_options.settings_json, readFile(options.settings_file));
  }
  JUNCTOR_TRY(DevServer server, DevServer::make(context, std::move(server_options)));
  DevLoop loop(std::move(work), options, std::move(server), context.json);
  if (options.once) return loop.renew() ? kExitOk : kExitFinding;
  JUNCTOR_TRY(DevWatch watch, DevWatch::open(loop.folder(), loop.builds()));
  loop.renew();
  return loop.run(watch);
}

}  // namespace junctor::app
