#pragma once
// A real server on a free port with a handler the test scripts.
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "unit/net/raw_client.h"

namespace junctor::testing {

// Echoes "METHOD target host body" unless told otherwise.
class ScriptedHandler final : public net::HttpHandler {
 public:
  Admission admit(const net::HttpRequest& head) override;
  void handle(net::HttpRequest request, net::ResponderPtr responder) override;

  // Set before the first request.
  std::function<Admission(const net::HttpRequest&)> on_admit;
  std::function<void(net::HttpRequest, net::ResponderPtr)> on_handle;

  std::vector<std::string> targetsSeen() const;
  size_t admitted() const { return admitted_; }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> targets_;
  std::atomic<size_t> admitted_{0};
};

net::HttpResponse echo(const net::HttpRequest& request);

class Front {
 public:
  explicit Front(net::HttpServerOptions options = {});

  ScriptedHandler handler;
  net::HttpServer& server() { return *server_; }
  uint16_t port() const { return server_->port(); }
  bool alive() const;  // a fresh connection gets its answer
  void stop() { server_.reset(); }
  // Polls the server's own numbers until they fit; fails after long.
  bool eventually(const std::function<bool(const net::HttpServerStats&)>& fits) const;

  // Starts on first use, so that a test can script the handler before.
  Front& start();

 private:
  net::HttpServerOptions options_;
  std::unique_ptr<net::HttpServer> server_;
};

std::string get(std::string_view target, std::string_view extra = "");

}  // namespace junctor::testing
