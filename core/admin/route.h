#pragma once
// Route: one operation of the API as data. The table in routes.cpp is the only list: requests are
// matched against it, permissions are checked by it and /v1/openapi.json is written from it.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "admin/roles.h"
#include "admin/services.h"
#include "base/result.h"
#include "net/http_message.h"

namespace junctor::admin {

class AuditLog;
class TokenBook;

struct Caller {
  std::string token_id;
  Role role = Role::Viewer;
  std::string tenant;  // "" = all tenants

  bool reaches(const std::string& other) const { return tenant.empty() || tenant == other; }
};

// One request on its way through a handler.
struct Call {
  Services& services;
  TokenBook& tokens;
  AuditLog& audit;
  const net::HttpRequest& http;
  Caller caller;
  std::map<std::string, std::string> path;   // "{t}" -> decoded text, under "t"
  std::map<std::string, std::string> query;  // decoded, only names the route lists

  const std::string& tenant() const { return path.at("t"); }
};

using Handler = Result<net::HttpResponse> (*)(Call&);

enum class Body { None, Optional, Required };  // JSON object

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/v1/tenants/{t}/events"
  Permission permission;
  Handler handler;
  std::string_view summary;
  std::vector<std::string_view> query = {};
  Body body = Body::None;
  std::string_view answer = "Object";  // schema in the API description
  int status = 200;                    // of success
};

const std::vector<Route>& routes();

// Fits `path` to `pattern`; fills `parameters` with the decoded segments.
bool fits(std::string_view pattern, std::string_view path,
          std::map<std::string, std::string>& parameters);

// OpenAPI 3.1, written from routes().
std::string openApi(const std::string& version);

}  // namespace junctor::admin
