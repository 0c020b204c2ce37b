// The front alone: answers every request with 202 and stores nothing. Compare it with a bare epoll
// server under the same load generator; ratios and CPU a request are what counts.
//   front_bench PORT [direct|threads]
// `direct` (default) answers inside the handler; `threads` answers in bursts from another thread,
// half a millisecond later, as the store's commit thread does after its fsync.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "base/threads.h"
#include "net/http_server.h"

namespace {

using junctor::net::HttpRequest;
using junctor::net::HttpResponse;
using junctor::net::ResponderPtr;

HttpResponse accepted() {
  return junctor::net::jsonResponse(202, "{\"status\":\"accepted\"}\n");
}

class Acceptor final : public junctor::net::HttpHandler {
 public:
  explicit Acceptor(bool direct) : direct_(direct) {}

  Admission admit(const HttpRequest&) override { return {}; }
  void handle(HttpRequest, ResponderPtr responder) override {
    if (direct_) return responder->reply(accepted());
    waiting_.push(std::move(responder));
  }
  void answerWaiting() {
    const std::vector<ResponderPtr> burst = waiting_.take(std::chrono::milliseconds(100));
    if (!burst.empty()) std::this_thread::sleep_for(std::chrono::microseconds(500));
    for (const ResponderPtr& responder : burst) {
      responder->reply(accepted());
    }
  }

 private:
  bool direct_;
  junctor::Mailbox<ResponderPtr> waiting_;
};

std::atomic<bool> g_stop{false};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("usage: front_bench PORT [direct|threads]\n", stderr), 2;
  Acceptor acceptor(argc < 3 || std::string(argv[2]) == "direct");
  junctor::net::HttpServerOptions options;
  options.address = "127.0.0.1:" + std::string(argv[1]);
  auto server = junctor::net::startHttpServer(options, acceptor, junctor::systemClock());
  if (!server) return std::fputs(describe(server.error()).c_str(), stderr), 1;
  std::signal(SIGTERM, [](int) { g_stop = true; });
  std::signal(SIGINT, [](int) { g_stop = true; });
  std::printf("listening on %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  while (!g_stop) acceptor.answerWaiting();
  (*server)->drain(1000);
  const auto stats = (*server)->stats();
  std::printf("requests %llu, malformed %llu, timeouts %llu, connections %llu\n",
              static_cast<unsigned long long>(stats.requests_total),
              static_cast<unsigned long long>(stats.malformed_total),
              static_cast<unsigned long long>(stats.timeouts_total),
              static_cast<unsigned long long>(stats.connections_total));
}
