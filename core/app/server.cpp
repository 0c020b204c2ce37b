#include "app/server.h"

#include <signal.h>

#include <fmt/core.h>

#include "admin/admin_api.h"
#include "app/core_dumps.h"
#include "app/engine.h"
#include "app/server_file.h"
#include "base/files.h"
#include "base/limits.h"
#include "base/log.h"

namespace junctor::app {
namespace {

int fail(const Error& error) {
  log::error("app", {}, "cannot start: {}", error.message);
  return 1;
}

// Blocked before any thread starts, so that only waitForSignal() sees them.
sigset_t blockSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return set;
}

// Returns on SIGTERM or SIGINT; SIGHUP reloads certificates on the way.
void waitForSignal(const sigset_t& set, net::HttpServer& front) {
  for (;;) {
    int number = 0;
    if (sigwait(&set, &number) != 0) continue;
    if (number != SIGHUP) return;
    const auto reloaded = front.reloadTls();
    if (reloaded) {
      log::info("app", {}, "certificates reloaded");
    } else {
      log::error("app", {}, "certificates not reloaded, the old ones stay: {}",
                 reloaded.error().message);
    }
  }
}

net::HttpServerOptions publicOptions(const config::ServerConfig& config) {
  net::HttpServerOptions options;
  options.name = "jn-public";
  options.address = config.public_address;
  if (!config.tls_certificate.empty()) {
    options.tls = net::TlsFiles{config.tls_certificate, config.tls_key};
  }
  return options;
}

net::HttpServerOptions adminOptions(const config::ServerConfig& config) {
  net::HttpServerOptions options;
  options.name = "jn-admin";
  options.address = config.admin_address;
  options.connections_max = 2'048;  // agents act through it, each on a connection of its own
  return options;
}

void measure(observe::Metrics& metrics, const net::HttpServer& server, const char* listener) {
  using Stats = net::HttpServerStats;
  const auto add = [&](const char* name, const char* help, uint64_t Stats::* member) {
    metrics.counterOf(name, help, {{"listener", listener}},
                      [&server, member] { return static_cast<double>(server.stats().*member); });
  };
  metrics.gauge("junctor_http_connections", "Open connections", {{"listener", listener}},
                [&server] { return static_cast<double>(server.stats().connections_open); });
  add("junctor_http_connections_refused_total", "Over the caps", &Stats::connections_refused);
  add("junctor_http_requests_total", "Requests with a well-formed head", &Stats::requests_total);
  add("junctor_http_malformed_total", "Requests refused as malformed", &Stats::malformed_total);
  add("junctor_http_timeouts_total", "Requests that came too slowly", &Stats::timeouts_total);
  add("junctor_http_shed_total", "Requests refused for want of memory", &Stats::shed_total);
}

Result<void> serve(const config::ServerConfig& config, const sigset_t& signals) {
  const Clock& clock = systemClock();
  if (!config.core_dumps) JUNCTOR_CHECK(forbidCoreDumps());
  JUNCTOR_CHECK(makeFolders(config.data_dir, 0700));
  JUNCTOR_TRY(const DataDirLock lock, DataDirLock::take(config.data_dir));
  JUNCTOR_TRY(const auto engine, Engine::open(config, config::processEnvironment(), clock));
  JUNCTOR_TRY(const auto front,
              net::startHttpServer(publicOptions(config), engine->front(), clock));
  measure(engine->metrics(), *front, "public");  // read by the API alone, which ends first
  JUNCTOR_TRY(auto api, admin::makeAdminApi(*engine));
  JUNCTOR_TRY(auto back, net::startHttpServer(adminOptions(config), *api, clock));
  const bool tls = !config.tls_certificate.empty();
  engine->setAddresses((tls ? "https://" : "") + front->address(), back->address());
  engine->start();
  JUNCTOR_CHECK(writeServerFile(
      config.data_dir, {"http://" + back->address(),
                        (tls ? "https://" : "http://") + front->address(), api->localToken()}));
  log::info("app", {{"public", front->address()}, {"admin", back->address()}}, "ready");

  waitForSignal(signals, *front);
  log::info("app", {}, "draining");
  front->drain(limits::kDrainMs);
  engine->desk().stop();
  back->drain(1'000);
  back.reset();
  const std::string token = api->localToken();
  api.reset();  // its threads act through the engine
  engine->stop(limits::kDrainMs);
  removeServerFile(config.data_dir, token);
  log::info("app", {}, "stopped");
  return {};
}

}  // namespace

int runServer(const config::ServerConfig& config) {
  const sigset_t signals = blockSignals();
  const auto served = serve(config, signals);
  return served ? 0 : fail(served.error());
}

}  // namespace junctor::app
