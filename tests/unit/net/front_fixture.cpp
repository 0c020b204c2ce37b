#include "unit/net/front_fixture.h"

#include <unistd.h>

#include <stdexcept>

namespace junctor::testing {

net::HttpResponse echo(const net::HttpRequest& request) {
  return {200, {}, request.method + " " + request.target + " " + request.host + " " + request.body};
}

net::HttpHandler::Admission ScriptedHandler::admit(const net::HttpRequest& head) {
  ++admitted_;
  return on_admit ? on_admit(head) : Admission{};
}

void ScriptedHandler::handle(net::HttpRequest request, net::ResponderPtr responder) {
  {
    std::lock_guard lock(mutex_);
    targets_.push_back(request.target);
  }
  if (on_handle) return on_handle(std::move(request), std::move(responder));
  responder->reply(echo(request));
}

std::vector<std::string> ScriptedHandler::targetsSeen() const {
  std::lock_guard lock(mutex_);
  return targets_;
}

Front::Front(net::HttpServerOptions options) : options_(std::move(options)) {}

Front& Front::start() {
  auto started = net::startHttpServer(options_, handler, systemClock());
  if (!started) throw std::runtime_error(describe(started.error()));
  server_ = std::move(*started);
  return *this;
}

bool Front::alive() const {
  RawClient client(port());
  client.send(get("/alive"));
  const auto response = client.receive();
  return response && response->status == 200;
}

bool Front::eventually(const std::function<bool(const net::HttpServerStats&)>& fits) const {
  for (int i = 0; i < 6000; ++i) {
    if (fits(server_->stats())) return true;
    ::usleep(5000);
  }
  return false;
}

std::string get(std::string_view target, std::string_view extra) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(extra) + "\r\n";
}

}  // namespace junctor::testing
