#pragma once
// Simulator: a provider's API as a connector's fixtures recorded it (calls.json), for people who
// try a connector out and for their tests. Which request is which action is read from the manifest.
// It wants a credential, keeps to a rate if told to, and fails on demand.
//
//   GET  /_sim         {"requests": [{method, path, status}], "answered": n, "over_rate": n}
//   POST /_sim         {"next": [429, "timeout", …]} answers of the next requests; {"rate": 5}
//
// One reactor thread calls it; it never blocks.
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "net/http_server.h"
#include "plugin/connector.h"

namespace junctor::app {

class Simulator final : public net::HttpHandler {
 public:
  // InvalidArgument: calls.json or the manifest cannot be used.
  static Result<std::unique_ptr<Simulator>> make(const plugin::Manifest& manifest,
                                                 const std::string& calls_json, int rate_per_s,
                                                 const Clock& clock);

  Admission admit(const net::HttpRequest& head) override;
  void handle(net::HttpRequest request, net::ResponderPtr responder) override;

  size_t routes() const { return routes_.size(); }

 private:
  struct Recorded {
    int status = 200;
    Headers headers;
    std::string body;
  };
  struct Route {
    std::string method, path;  // "/repos/{+repository}/issues"
    std::string graphql{};     // its query, where all requests go to one path
    std::vector<Recorded> answers;
    size_t next = 0;
  };
  Simulator(int rate_per_s, const Clock& clock) : clock_(clock), rate_per_s_(rate_per_s) {}
  void addRoute(const Json& manifest, const Json& request, const Json& call);
  void addHookRoutes(const Json& manifest, const Json& call);
  Route* find(const net::HttpRequest& request);
  net::HttpResponse control(const net::HttpRequest& request);
  net::HttpResponse answer(const net::HttpRequest& request);
  bool overRate();

  const Clock& clock_;
  std::vector<Route> routes_;
  int rate_per_s_;
  std::deque<int64_t> recent_ms_;
  std::deque<int> next_;                   // 0 = no answer at all
  std::vector<net::ResponderPtr> silent_;  // kept, so that nothing answers for them
  std::vector<std::string> log_;
  size_t over_rate_ = 0;
};

// Does a path of the manifest ("/a/{x}/{+rest}") fit the path of a request? Exact ones are better.
bool fitsTemplate(std::string_view pattern, std::string_view path);

}  // namespace junctor::app
