#include "app/cli_client.h"

#include <future>

#include "app/server_file.h"
#include "base/bytes.h"
#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::app {
namespace {

constexpr size_t kAnswerBytesMax = 256 * 1024 * 1024;
constexpr int64_t kCallTimeoutMs = 60'000;
constexpr const char* kServiceFolder = "/var/lib/junctor";  // of the packaged service

// The data directory asked for; else the packaged service's, if that is where a server runs.
Result<ServerFile> findServer(const CliContext& context) {
  auto found = readServerFile(context.data_dir);
  const bool asked = context.environment.contains("JUNCTOR_DATA_DIR") ||
                     !context.config_file.empty() || !context.settings.empty();
  if (found || asked) return found;
  auto service = readServerFile(kServiceFolder);
  return service ? std::move(service) : std::move(found);
}

ErrorCode codeOf(int status) {
  switch (status) {
    case 400:
    case 415:
    case 422:
      return ErrorCode::InvalidArgument;
    case 401:
      return ErrorCode::Unauthenticated;
    case 403:
      return ErrorCode::PermissionDenied;
    case 404:
      return ErrorCode::NotFound;
    case 409:
      return ErrorCode::AlreadyExists;
    case 429:
      return ErrorCode::ResourceExhausted;
    case 503:
      return ErrorCode::Unavailable;
    default:
      return ErrorCode::Internal;
  }
}

}  // namespace

Result<net::OutboundResponse> fetch(net::HttpClient& client, net::OutboundRequest request) {
  auto promise = std::make_shared<std::promise<Result<net::OutboundResponse>>>();
  auto future = promise->get_future();
  client.send(std::move(request), [promise](Result<net::OutboundResponse> response) {
    promise->set_value(std::move(response));
  });
  return future.get();
}

Result<AdminClient> AdminClient::connect(const CliContext& context) {
  AdminClient client;
  client.tenant_ = context.tenant;
  client.token_ = context.token;
  client.data_dir_ = context.data_dir;
  if (context.server.empty()) {
    JUNCTOR_TRY(const ServerFile file, findServer(context));
    client.url_ = file.admin_url;
    client.public_url_ = file.public_url;
    if (client.token_.empty()) client.token_ = file.token;
  } else {
    client.url_ = context.server;
    if (!client.url_.starts_with("http://") && !client.url_.starts_with("https://")) {
      return invalidArgument("--server must start with http:// or https://, not '" +
                             context.server + "'");
    }
    while (client.url_.ends_with('/')) client.url_.pop_back();
    if (client.token_.empty()) {
      return invalidArgument("--server needs a token too: --token or JUNCTOR_TOKEN");
    }
  }
  client.http_ = net::startHttpClient(systemClock());
  return client;
}

Result<Json> AdminClient::get(const std::string& target) {
  return call("GET", target, nullptr);
}

Result<Json> AdminClient::remove(const std::string& target) {
  return call("DELETE", target, nullptr);
}

Result<Json> AdminClient::post(const std::string& target, const Json& body) {
  return call("POST", target, std::make_shared<const std::string>(dumpJson(body)));
}

Result<Json> AdminClient::post(const std::string& target) {
  return call("POST", target, nullptr);
}

Result<Json> AdminClient::post(const std::string& target, const Json& body,
                               const Headers& headers) {
  return call("POST", target, std::make_shared<const std::string>(dumpJson(body)), headers);
}

Result<Json> AdminClient::put(const std::string& target, std::string json) {
  return call("PUT", target, std::make_shared<const std::string>(std::move(json)));
}

Result<Json> AdminClient::call(const std::string& method, const std::string& target,
                               std::shared_ptr<const std::string> body, const Headers& headers) {
  problems_.clear();
  net::OutboundRequest request;
  request.method = method;
  request.url = url_ + target;
  request.headers = {{"Authorization", "Bearer " + token_}, {"Accept", "application/json"}};
  if (body) request.headers.emplace_back("Content-Type", "application/json");
  request.headers.insert(request.headers.end(), headers.begin(), headers.end());
  request.body = std::move(body);
  request.pool = "cli";
  request.allow_private = true;
  request.timeout_ms = kCallTimeoutMs;
  request.response_bytes_max = kAnswerBytesMax;
  auto response = fetch(*http_, std::move(request));
  if (!response) {
    return unavailable("no server answers at " + url_ + " (" + response.error().message +
                       "): start it with: junctor serve --data-dir " + data_dir_);
  }
  if (response->status < 200 || response->status > 299) return errorOf(*response);
  if (response->body.empty()) return Json::object();
  return parseJson(response->body);
}

Error AdminClient::errorOf(const net::OutboundResponse& response) {
  const auto problem = parseJson(response.body);
  std::string detail = "the server answered " + std::to_string(response.status);
  if (problem && problem->is_object()) {
    detail = problem->value("detail", detail);
    for (const Json& entry : problem->value("errors", Json::array())) {
      problems_.push_back(entry.value("detail", ""));
    }
  }
  return makeError(codeOf(response.status), detail);
}

Result<std::vector<Json>> AdminClient::list(const std::string& target, size_t at_most) {
  std::vector<Json> items;
  const std::string join = target.find('?') == std::string::npos ? "?" : "&";
  std::string cursor;
  do {
    const size_t wanted = std::min(at_most - items.size(), limits::kPageMax);
    std::string page = target + join + "limit=" + std::to_string(wanted);
    if (!cursor.empty()) page += "&cursor=" + percentEncode(cursor);
    JUNCTOR_TRY(const Json answer, get(page));
    for (const Json& item : answer.at("data")) items.push_back(item);
    cursor = answer.at("has_more") == true ? answer.value("next_cursor", "") : "";
  } while (!cursor.empty() && items.size() < at_most);
  return items;
}

Result<std::vector<std::string>> AdminClient::tenants() {
  if (!tenant_.empty()) return std::vector<std::string>{tenant_};
  JUNCTOR_TRY(const Json answer, get("/v1/tenants"));
  std::vector<std::string> ids;
  for (const Json& tenant : answer.at("data")) ids.push_back(tenant.value("id", ""));
  return ids;
}

Result<std::string> AdminClient::tenant() {
  JUNCTOR_TRY(const auto ids, tenants());
  if (ids.empty()) {
    return notFound("the server has no tenant yet: junctor apply -f FOLDER makes one");
  }
  if (ids.size() == 1) return ids[0];
  std::string all;
  for (const std::string& id : ids) all += (all.empty() ? "" : ", ") + id;
  return invalidArgument("there are several tenants (" + all + "): name one with --tenant");
}

Result<std::string> AdminClient::owner(const std::string& part, const std::string& id) {
  JUNCTOR_TRY(const auto ids, tenants());
  for (const std::string& tenant : ids) {
    const std::string base = "/v1/tenants/" + percentEncode(tenant);
    const auto found = get(base + "/" + part + "/" + percentEncode(id));
    if (found) return base;
    if (found.error().code != ErrorCode::NotFound) return found.error();
  }
  return notFound("there is no '" + id + "' among the " + part +
                  (tenant_.empty() ? "" : " of tenant " + tenant_));
}

std::string queryOf(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    out += (out.empty() ? "?" : "&") + name + "=" + percentEncode(value);
  }
  return out;
}

}  // namespace junctor::app
