#include "admin/admin_api.h"

#include <exception>

#include "admin/answers.h"
#include "admin/audit.h"
#include "admin/conditions.h"
#include "admin/query.h"
#include "admin/route.h"
#include "admin/tokens.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/worker_pool.h"

namespace junctor::admin {
namespace {

constexpr size_t kWorkers = 2;
constexpr size_t kWaitingMax = 256;
constexpr size_t kActBodyMax = 8 * 1024 * 1024;
constexpr size_t kSmallBodyMax = 256 * 1024;
constexpr size_t kApplyBodyMax = 16 * 1024 * 1024;  // many tenants with their scripts

struct Match {
  const Route* route = nullptr;
  std::map<std::string, std::string> parameters;
  std::string allow;  // methods the path has, if the method is not one of them
};

Match findRoute(std::string_view method, std::string_view path) {
  Match match;
  for (const Route& route : routes()) {
    std::map<std::string, std::string> parameters;
    if (!fits(route.pattern, path, parameters)) continue;
    // HEAD is GET; the HTTP server leaves the body out.
    if (route.method == (method == "HEAD" ? "GET" : method)) {
      return {&route, std::move(parameters), ""};
    }
    match.allow += (match.allow.empty() ? "" : ", ") + std::string(route.method);
  }
  return match;
}

net::HttpResponse noRoute(const Match& match) {
  if (match.allow.empty()) return net::problem(404, "not-found", "there is no such path");
  net::HttpResponse response =
      net::problem(405, "method-not-allowed", "the path takes " + match.allow);
  response.headers.emplace_back("Allow", match.allow);
  return response;
}

bool isJson(const net::HttpRequest& request) {
  const std::string* type = findHeader(request.headers, "Content-Type");
  if (!type) return false;
  return equalsIgnoreCase(trim(std::string_view(*type).substr(0, type->find(';'))),
                          "application/json");
}

// A tenant that the token does not reach does not exist for it, whatever its role.
Result<void> authorize(const Call& call, const Route& route) {
  const auto tenant = call.path.find("t");
  if (tenant != call.path.end()) {
    const bool known = call.services.catalog()->findTenant(tenant->second) != nullptr;
    if (!known || !call.caller.reaches(tenant->second)) {
      return notFound("there is no tenant '" + tenant->second + "'");
    }
  }
  const std::string role(toString(call.caller.role)), wanted(toString(route.permission));
  if (!permits(call.caller.role, route.permission)) {
    return makeError(ErrorCode::PermissionDenied,
                     "the token's role (" + role + ") does not permit " + wanted);
  }
  if (needsAllTenants(route.permission) && !call.caller.tenant.empty()) {
    return makeError(ErrorCode::PermissionDenied,
                     wanted + " needs a token for all tenants; this one is for tenant '" +
                         call.caller.tenant + "' only");
  }
  return {};
}

Result<void> checkBody(const net::HttpRequest& request, const Route& route) {
  if (request.body.empty()) {
    if (route.body != Body::Required) return {};
    return invalidArgument("a JSON body is needed");
  }
  if (route.body == Body::None) return invalidArgument("no body is taken here");
  return {};
}

// An answer with its tag; without its body if the caller has it already.
net::HttpResponse tagged(const net::HttpRequest& request, net::HttpResponse response) {
  if (response.status != 200) return response;
  const std::string tag = tagOf(response.body);
  response.headers.emplace_back("ETag", tag);
  const std::string* known = findHeader(request.headers, "If-None-Match");
  if (!known || known->find(tag) == std::string::npos) return response;
  return {304, {{"ETag", tag}}, ""};
}

class Api final : public AdminApi {
 public:
  explicit Api(Services& services)
      : services_(services),
        tokens_(services.store(), services.clock()),
        audit_(services.store(), services.clock()),
        once_(services.store(), services.clock()),
        pool_("jn-admin-work", kWorkers, kWaitingMax),
        acting_("jn-act", limits::kActionThreads, limits::kActionsWaitingMax) {}

  std::string localToken() const override { return tokens_.localToken(); }

  Admission admit(const net::HttpRequest& head) override {
    Admission admission;
    const Match match = findRoute(head.method, head.path);
    const bool open = match.route && match.route->permission == Permission::None;
    const bool large = match.route && match.route->pattern == "/v1/apply";
    const bool acts = match.route && match.route->permission == Permission::Act;
    admission.body_bytes_max = large ? kApplyBodyMax : acts ? kActBodyMax : kSmallBodyMax;
    if (!open && bearerOf(head).empty()) {
      admission.refuse = unauthorized("send a token: Authorization: Bearer jn_…");
    } else if (!match.route) {
      admission.refuse = noRoute(match);
    }
    return admission;
  }

  void handle(net::HttpRequest request, net::ResponderPtr responder) override {
    Match match = findRoute(request.method, request.path);
    if (!match.route) {
      responder->reply(noRoute(match));
    } else if (match.route->permission == Permission::None) {
      responder->reply(answer(match, request));  // never blocks
    } else {
      queue(std::move(match), std::move(request), responder);
    }
  }

 private:
  void queue(Match match, net::HttpRequest request, const net::ResponderPtr& responder) {
    const auto shared = std::make_shared<net::HttpRequest>(std::move(request));
    // What waits for a provider must not keep others waiting.
    const Permission permission = match.route->permission;
    const bool acts = permission == Permission::Act || permission == Permission::Connect;
    WorkerPool& pool = acts ? acting_ : pool_;
    const auto integration = match.parameters.find("i");
    const std::string lane = integration == match.parameters.end() ? "" : integration->second;
    const bool queued = pool.run([this, match = std::move(match), shared,
                                  responder] { responder->reply(answer(match, *shared)); },
                                 lane);
    if (queued) return;
    responder->reply(problemOf(unavailable("too many admin calls are waiting")));
  }

  // Barrier: whatever happens inside, the caller gets an answer.
  net::HttpResponse answer(const Match& match, const net::HttpRequest& request) noexcept {
    try {
      net::HttpResponse response = run(match, request);
      count(*match.route, response.status);
      return response;
    } catch (const std::exception& e) {
      log::error("admin", {{"route", match.route->pattern}}, "call failed: {}", e.what());
      count(*match.route, 500);
      return net::problem(500, "internal", "the call failed; the log says why");
    }
  }

  net::HttpResponse run(const Match& match, const net::HttpRequest& request) {
    const Route& route = *match.route;
    Call call{services_, tokens_, audit_, request, {}, match.parameters, {}};
    if (route.permission != Permission::None) {
      auto caller = tokens_.find(bearerOf(request));
      if (!caller) return problemOf(caller.error());
      call.caller = std::move(*caller);
    }
    if (!request.body.empty() && route.body != Body::None && !isJson(request)) {
      return net::problem(415, "unsupported-media-type", "send Content-Type: application/json");
    }
    auto done = checked(call, route);
    if (route.method != "GET") record(call, route, done);
    if (!done) return problemOf(done.error());
    return route.method == "GET" ? tagged(request, std::move(*done)) : std::move(*done);
  }

  Result<net::HttpResponse> checked(Call& call, const Route& route) {
    if (route.permission != Permission::None) JUNCTOR_CHECK(authorize(call, route));
    JUNCTOR_TRY(call.query, parseQuery(call.http.query, route.query));
    JUNCTOR_CHECK(checkBody(call.http, route));
    return if_unchanged_.run(call, reader(call), [&] {
      return once_.run(call, route, [&] { return route.handler(call); });
    });
  }

  // The GET of the same path, as this caller would get it.
  static IfUnchanged::Handle reader(const Call& call) {
    const Match twin = findRoute("GET", call.http.path);
    if (!twin.route) return {};
    return [&call, route = twin.route]() -> Result<net::HttpResponse> {
      net::HttpRequest request;
      request.method = "GET";
      request.path = call.http.path;
      Call reading{call.services, call.tokens, call.audit, request, call.caller, call.path, {}};
      JUNCTOR_CHECK(authorize(reading, *route));
      return route->handler(reading);
    };
  }

  // Who changed what, or was not let.
  static void record(const Call& call, const Route& route, const Result<net::HttpResponse>& done) {
    const int status = done ? done->status : problemOf(done.error()).status;
    const auto kept = call.audit.record(
        {call.caller.token_id, std::string(toString(call.caller.role)), call.caller.tenant,
         call.http.remote_ip, std::string(route.method), call.http.path, status});
    if (!kept) log::error("admin", {}, "the audit record was not kept: {}", kept.error().message);
    log::info("admin", {{"token", call.caller.token_id}, {"from", call.http.remote_ip}},
              "{} {}: {}", route.method, call.http.path, status);
  }

  void count(const Route& route, int status) {
    services_.metrics()
        .counter("junctor_admin_requests_total", "Calls of the admin API",
                 {{"route", std::string(route.method) + " " + std::string(route.pattern)},
                  {"code", std::to_string(status)}})
        .add();
  }

  Services& services_;
  TokenBook tokens_;
  AuditLog audit_;
  Once once_;
  IfUnchanged if_unchanged_;
  WorkerPool pool_;  // last, both: their threads use the others
  WorkerPool acting_;
};

}  // namespace

Result<std::unique_ptr<AdminApi>> makeAdminApi(Services& services) {
  return std::unique_ptr<AdminApi>(std::make_unique<Api>(services));
}

}  // namespace junctor::admin
