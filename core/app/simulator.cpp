#include "app/simulator.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/json_writer.h"

namespace junctor::app {
namespace {

constexpr size_t kBodyBytesMax = 8 * 1024 * 1024;
constexpr size_t kLogMax = 10'000;
constexpr int kSilent = 0;

// "https://{settings.shop}.acme.com/v1" -> "/v1"; of a list the last, which needs no setting.
std::string basePath(const Json& url) {
  if (url.is_array()) return url.empty() ? "" : basePath(url.back());
  if (!url.is_string()) return {};
  const std::string text = url.get<std::string>();
  const size_t host = text.find("//");
  const size_t path = host == text.npos ? text.npos : text.find('/', host + 2);
  return path == text.npos ? "" : text.substr(path);
}

std::string pathOf(const Json& manifest, const std::string& url) {
  if (!url.starts_with("/")) return basePath(Json(url));
  const Json api = manifest.value("api", Json::object());
  return basePath(api.value("url", Json())) + url;
}

// The class of failure as most providers say it.
net::HttpResponse failure(int status) {
  JsonWriter out;
  out.beginObject().key("ok").boolean(false).key("message").string("simulated");
  out.key("error").string(status == 429 ? "ratelimited" : "simulated").endObject();
  net::HttpResponse response = net::jsonResponse(status, std::move(out).take());
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

bool hasCredential(const net::HttpRequest& request) {
  for (const Header& header : request.headers) {
    const std::string name = lowerAscii(header.first);
    if (name == "authorization" || name.ends_with("-access-token")) return true;
  }
  return false;
}

}  // namespace

bool fitsTemplate(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern[0] != '{') {
    const size_t open = std::min(pattern.find('{'), pattern.size());
    if (!path.starts_with(pattern.substr(0, open))) return false;
    return fitsTemplate(pattern.substr(open), path.substr(open));
  }
  const size_t close = pattern.find('}');
  if (close == pattern.npos) return false;
  const bool slashes = pattern.substr(1, 1) == "+";
  const std::string_view rest = pattern.substr(close + 1);
  for (size_t taken = 1; taken <= path.size(); ++taken) {
    if (!slashes && path[taken - 1] == '/') return false;
    if (fitsTemplate(rest, path.substr(taken))) return true;
  }
  return false;
}

void Simulator::addRoute(const Json& manifest, const Json& request, const Json& call) {
  Route route;
  route.graphql = request.value("graphql", std::string());
  route.method = request.value("method", std::string(route.graphql.empty() ? "GET" : "POST"));
  route.path = pathOf(manifest, request.value("url", std::string()));
  for (const Json& each : call.value("http", Json::array())) {
    Recorded recorded;
    recorded.status = each.value("status", 200);
    for (const Json& header : each.value("headers", Json::array())) {
      recorded.headers.emplace_back(header[0].get<std::string>(), header[1].get<std::string>());
    }
    const Json body = each.value("body", Json());
    if (!body.is_null()) {
      recorded.body = body.is_string() ? body.get<std::string>() : dumpJson(body);
      recorded.headers.emplace_back("Content-Type", "application/json");
    }
    route.answers.push_back(std::move(recorded));
  }
  if (!route.answers.empty()) routes_.push_back(std::move(route));
}

// The recorded call asks for the list first, where there is one, then for the hook or several, then
// for the secret, where that is asked for apart.
void Simulator::addHookRoutes(const Json& manifest, const Json& call) {
  const Json hooks = manifest.value("hooks", Json::object());
  const Json answers = call.value("http", Json::array());
  if (answers.empty()) return;
  const auto answering = [](const Json& answer) -> Json {
    return {{"http", Json::array({answer})}};
  };
  const auto add = [&](const char* which, const Json& answer) {
    if (hooks.contains(which)) addRoute(manifest, hooks[which]["request"], answering(answer));
  };
  add("list", answers.front());
  const Json subscribe = hooks.value("subscribe", Json::object());
  const bool apart = subscribe.contains("secret_request");
  if (apart) addRoute(manifest, subscribe["secret_request"], answering(answers.back()));
  Json made = answers;
  if (hooks.contains("list") && made.size() > 1) made.erase(0);
  if (apart && made.size() > 1) made.erase(made.size() - 1);
  if (subscribe.contains("request")) addRoute(manifest, subscribe["request"], {{"http", made}});
  add("renew", answers.back());
  add("unsubscribe", {{"status", 204}});
}

Result<std::unique_ptr<Simulator>> Simulator::make(const plugin::Manifest& manifest,
                                                   const std::string& calls_json, int rate_per_s,
                                                   const Clock& clock) {
  JUNCTOR_TRY(const Json declared, parseJson(manifest.json));
  JUNCTOR_TRY(const Json calls, parseJson(calls_json));
  if (!calls.is_array()) return invalidArgument("calls.json: must be a list");
  std::unique_ptr<Simulator> out(new Simulator(rate_per_s, clock));
  for (const Json& call : calls) {
    const std::string kind = call.value("call", std::string());
    Json request;
    if (kind == "test") request = declared.value("test", Json());
    if (kind == "execute") {
      const Json::json_pointer at("/actions/" + call.value("action", std::string()) + "/request");
      if (declared.contains(at)) request = declared[at];
    }
    if (kind == "fields") {
      const Json::json_pointer at("/fields/" + call.value("object", std::string()) + "/request");
      if (declared.contains(at)) request = declared[at];
    }
    if (request.is_object()) out->addRoute(declared, request, call);
    if (kind == "subscribe") out->addHookRoutes(declared, call);
  }
  if (out->routes_.empty()) return invalidArgument("its fixtures record no calls");
  return out;
}

net::HttpHandler::Admission Simulator::admit(const net::HttpRequest&) {
  Admission admission;
  admission.body_bytes_max = kBodyBytesMax;
  return admission;
}

// The route with the most fixed characters.
Simulator::Route* Simulator::find(const net::HttpRequest& request) {
  Route* best = nullptr;
  const auto body = parseJson(request.body);
  const std::string query =
      body && body->is_object() ? body->value("query", std::string()) : std::string();
  const auto fixed = [](const Route& route) {
    return route.path.size() -
           8 * static_cast<size_t>(std::count(route.path.begin(), route.path.end(), '{'));
  };
  for (Route& route : routes_) {
    if (route.method != request.method || !fitsTemplate(route.path, request.path)) continue;
    if (!route.graphql.empty() && route.graphql != query) continue;
    if (!best || fixed(route) > fixed(*best)) best = &route;
  }
  return best;
}

bool Simulator::overRate() {
  if (rate_per_s_ <= 0) return false;
  const int64_t now_ms = clock_.unixMs();
  while (!recent_ms_.empty() && recent_ms_.front() <= now_ms - 1000) recent_ms_.pop_front();
  if (recent_ms_.size() >= static_cast<size_t>(rate_per_s_)) return true;
  recent_ms_.push_back(now_ms);
  return false;
}

net::HttpResponse Simulator::answer(const net::HttpRequest& request) {
  if (!hasCredential(request)) return failure(401);
  if (overRate()) {
    ++over_rate_;
    return failure(429);
  }
  Route* route = find(request);
  if (!route) return failure(404);
  const Recorded& recorded = route->answers[route->next];
  route->next = (route->next + 1) % route->answers.size();
  return {recorded.status, recorded.headers, recorded.body};
}

net::HttpResponse Simulator::control(const net::HttpRequest& request) {
  if (request.method == "POST") {
    const auto json = parseJson(request.body);
    if (!json || !json->is_object()) return net::problem(400, "bad-json", "send an object");
    rate_per_s_ = json->value("rate", rate_per_s_);
    for (const Json& next : json->value("next", Json::array())) {
      next_.push_back(next.is_number_integer() ? next.get<int>() : kSilent);
    }
  }
  JsonWriter out;
  out.beginObject().key("answered").unsignedInteger(log_.size());
  out.key("over_rate").unsignedInteger(over_rate_).key("requests").beginArray();
  for (const std::string& line : log_) out.raw(line);
  out.endArray().endObject();
  return net::jsonResponse(200, std::move(out).take());
}

void Simulator::handle(net::HttpRequest request, net::ResponderPtr responder) {
  if (request.path == "/_sim") return responder->reply(control(request));
  net::HttpResponse response;
  bool silent = false;
  if (next_.empty()) {
    response = answer(request);
  } else {
    silent = next_.front() == kSilent;
    if (!silent) response = failure(next_.front());
    next_.pop_front();
  }
  if (log_.size() < kLogMax) {
    JsonWriter line;
    line.beginObject().key("method").string(request.method).key("path").string(request.target);
    line.key("status").integer(silent ? 0 : response.status).endObject();
    log_.push_back(std::move(line).take());
  }
  if (silent) return silent_.push_back(std::move(responder));
  responder->reply(std::move(response));
}

}  // namespace junctor::app
