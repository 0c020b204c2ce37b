#include "app/dev_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cstring>
#include <vector>

#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/paths.h"
#include "app/server_file.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "crypto/hash.h"

namespace junctor::app {
namespace {

constexpr size_t kLibraryBytesMax = 256 * 1024 * 1024;
constexpr int kPauseMs = 20;
constexpr int kReadyMs = 30'000;
constexpr int kStopMs = 10'000;
constexpr const char* kSecretVariable = "JUNCTOR_DEV_SECRET";

void pauseMs(int duration_ms) {
  ::poll(nullptr, 0, duration_ms);
}

// A new folder of our own, below TMPDIR.
Result<std::string> makeScratchFolder(const config::Environment& environment) {
  const auto found = environment.find("TMPDIR");
  std::string path = (found == environment.end() ? "/tmp" : found->second) + "/junctor-dev-XXXXXX";
  if (!::mkdtemp(path.data())) return internalError(path + ": " + strerror(errno));
  return path;
}

void removeFolder(const std::string& folder, int depth = 0) {
  const auto names = listFolder(folder);
  if (!names || depth > 4) return;
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    if (isFolder(path)) {
      removeFolder(path, depth + 1);
    } else {
      removeFile(path);
    }
  }
  ::rmdir(folder.c_str());
}

// The child's: ours without what would lead it to another server.
std::vector<std::string> childEnvironment(const config::Environment& ours) {
  std::vector<std::string> list;
  for (const auto& [name, value] : ours) {
    if (!name.starts_with("JUNCTOR_") || name == kSecretVariable)
      list.push_back(name + "=" + value);
  }
  return list;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// Runs `words`; its standard output and error go to the write end of a pipe.
Result<pid_t> spawn(std::vector<std::string> words, std::vector<std::string> environment,
                    Descriptor& output) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return internalError(strerror(errno));
  output = Descriptor(ends[0]);
  const Descriptor write_end(ends[1]);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, write_end.get(), 1);
  ::posix_spawn_file_actions_adddup2(&files, write_end.get(), 2);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  // A group of its own: Ctrl-C is for us, and we end it in order.
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t child = -1;
  const int problem = ::posix_spawn(&child, words[0].c_str(), &files, &attributes,
                                    pointersTo(words).data(), pointersTo(environment).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (problem != 0) return internalError(words[0] + ": " + strerror(problem));
  return child;
}

}  // namespace

bool runScript(const std::string& path, const config::Environment& environment) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, 2, 1);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;  // the watching loop blocks some
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::vector<std::string> words = {path}, variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  pid_t child = -1;
  const int problem = ::posix_spawn(&child, path.c_str(), &files, &attributes,
                                    pointersTo(words).data(), pointersTo(variables).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  int status = -1;
  if (problem == 0) {
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  return problem == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

DevServer::DevServer(CliContext context, DevServerOptions options, std::string folder)
    : context_(std::move(context)), options_(std::move(options)), folder_(std::move(folder)) {}

DevServer::DevServer(DevServer&& other) noexcept
    : context_(std::move(other.context_)),
      options_(std::move(other.options_)),
      folder_(std::exchange(other.folder_, {})),
      secret_(std::move(other.secret_)),
      connector_(std::move(other.connector_)),
      library_(std::move(other.library_)),
      loaded_(std::move(other.loaded_)),
      child_(std::exchange(other.child_, -1)),
      output_(std::move(other.output_)) {}

Result<DevServer> DevServer::make(const CliContext& context, DevServerOptions options) {
  JUNCTOR_TRY(const std::string folder, makeScratchFolder(context.environment));
  CliContext inner;
  inner.environment = context.environment;
  // Whoever checks a Standard Webhooks signature takes this form, all others take any text.
  inner.environment[kSecretVariable] = "whsec_" + toBase64(crypto::randomBytes(32));
  inner.data_dir = folder + "/data";
  inner.tenant = kTenant;
  inner.json = context.json;
  inner.settings = {{"data_dir", inner.data_dir}, {"connectors.dirs", folder + "/connectors"}};
  DevServer server(std::move(inner), std::move(options), folder);
  JUNCTOR_CHECK(makeFolders(folder + "/connectors"));
  return server;
}

DevServer::~DevServer() {
  stop();
  if (!folder_.empty()) removeFolder(folder_);
}

Result<void> DevServer::applyTenant() {
  Integration integration;
  integration.id = kIntegration;
  integration.tenant = kTenant;
  integration.connector = connector_;
  integration.settings_json = options_.settings_json;
  integration.webhook_secrets = {{std::string("env:") + kSecretVariable}};
  Tenant tenant;
  tenant.id = kTenant;
  tenant.name = "Development";
  tenant.integrations.emplace(kIntegration, std::move(integration));
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context_));
  const Json body = {{"tenants", Json::array({config::tenantToJson(tenant)})}};
  auto applied = client.post("/v1/apply", body);
  if (applied) return {};
  Error error = applied.error();
  for (const std::string& problem : client.problems()) error.message += "; " + problem;
  return error;
}

Result<void> DevServer::load(const std::string& library, const std::string& connector) {
  JUNCTOR_TRY(const std::string bytes, readFile(library, kLibraryBytesMax));
  const std::string hash = crypto::sha256Hex(bytes);
  const std::string copy = folder_ + "/connectors/" + hash + ".so";
  if (copy == library_ && running()) return {};
  JUNCTOR_CHECK(replaceFile(copy, bytes, 0755));
  const std::string before = std::exchange(library_, copy);
  if (!before.empty() && before != copy) removeFile(before);
  loaded_ = hash.substr(0, 12);
  const bool same = connector == connector_;
  connector_ = connector;
  if (running() && same && reload()) return {};
  stop();
  JUNCTOR_CHECK(start());
  return applyTenant();
}

// A server that cannot reload says so, and is restarted.
Result<void> DevServer::reload() {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context_));
  JUNCTOR_CHECK(client.post("/v1/connectors/reload"));
  return {};
}

Result<void> DevServer::start() {
  std::vector<std::string> words = {
      binaryFolder() + "/junctor", "serve",   "--data-dir",           context_.data_dir, "--public",
      options_.public_address,     "--admin", options_.admin_address, "--log-format",    "json"};
  auto environment = childEnvironment(context_.environment);
  environment.push_back("JUNCTOR_CONNECTORS_DIRS=" + folder_ + "/connectors");
  JUNCTOR_TRY(child_, spawn(std::move(words), std::move(environment), output_));
  JUNCTOR_CHECK(waitUntilReady());
  JUNCTOR_TRY(const ServerFile file, readServerFile(context_.data_dir));
  // A restart keeps the addresses: somebody may have told them a provider.
  options_.public_address = file.public_url.substr(file.public_url.find("//") + 2);
  options_.admin_address = file.admin_url.substr(file.admin_url.find("//") + 2);
  return {};
}

Result<void> DevServer::waitUntilReady() {
  const int64_t end = systemClock().monotonicMs() + kReadyMs;
  while (systemClock().monotonicMs() < end) {
    if (readServerFile(context_.data_dir)) return {};
    if (!running()) return internalError("the server ended at its start");
    pauseMs(kPauseMs);
  }
  return makeError(ErrorCode::DeadlineExceeded, "the server did not start in time");
}

bool DevServer::running() {
  if (child_ < 0) return false;
  int status = 0;
  if (::waitpid(child_, &status, WNOHANG) != child_) return true;
  child_ = -1;
  return false;
}

void DevServer::stop() {
  if (child_ < 0) return;
  ::kill(child_, SIGTERM);
  const int64_t end = systemClock().monotonicMs() + kStopMs;
  while (running() && systemClock().monotonicMs() < end) pauseMs(kPauseMs);
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
  child_ = -1;
}

}  // namespace junctor::app
