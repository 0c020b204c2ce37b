#pragma once
// AdminApi: the REST API of the admin listener (design.md §4b) as an HttpHandler.
// Closed by default: only /healthz and /readyz answer without a bearer token; /metrics does not,
// because label values name tenants. Everything that may block runs on a small worker pool, never
// on the reactor thread; when too many calls wait the answer is 503.
#include <memory>
#include <string>

#include "admin/services.h"
#include "base/result.h"
#include "net/http_server.h"

namespace junctor::admin {

class AdminApi : public net::HttpHandler {
 public:
  // The token of the machine's own operator: owner of all tenants, made anew at every start and
  // kept in memory alone. Whoever gets it may do everything: hand it over in a 0600 file only.
  virtual std::string localToken() const = 0;
};

// `services` must outlive the API. Destroy the HttpServer first.
Result<std::unique_ptr<AdminApi>> makeAdminApi(Services& services);

}  // namespace junctor::admin
