#pragma once
// AdminClient: the command line's way to a server's admin API. It finds the server on this host
// through the data directory, or goes where --server says.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli.h"
#include "base/json.h"
#include "base/result.h"
#include "net/http_client.h"

namespace junctor::app {

// Sends one request and waits. No guard against private networks: the user named the address.
Result<net::OutboundResponse> fetch(net::HttpClient& client, net::OutboundRequest request);

class AdminClient {
 public:
  static Result<AdminClient> connect(const CliContext& context);

  // The parsed answer of a 2xx; else an Error with the problem's detail.
  Result<Json> get(const std::string& target);
  Result<Json> post(const std::string& target, const Json& body);
  Result<Json> post(const std::string& target);  // for routes that take no body
  Result<Json> post(const std::string& target, const Json& body, const Headers& headers);
  Result<Json> put(const std::string& target, std::string json);  // sent as it is written
  Result<Json> remove(const std::string& target);
  // Items of a list over as many pages as needed.
  Result<std::vector<Json>> list(const std::string& target, size_t at_most);

  // --tenant, or the only tenant there is.
  Result<std::string> tenant();
  Result<std::vector<std::string>> tenants();  // --tenant, or all
  // "/v1/tenants/<t>" of the tenant that has `part`/`id` (events, deliveries).
  Result<std::string> owner(const std::string& part, const std::string& id);

  net::HttpClient& http() { return *http_; }
  const std::string& url() const { return url_; }
  const std::string& publicUrl() const { return public_url_; }  // "" = not known
  // One line per problem of the last 422 answer.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  Result<Json> call(const std::string& method, const std::string& target,
                    std::shared_ptr<const std::string> body, const Headers& headers = {});
  Error errorOf(const net::OutboundResponse& response);

  std::unique_ptr<net::HttpClient> http_;
  std::string url_, public_url_, token_, tenant_, data_dir_;
  std::vector<std::string> problems_;
};

// "?a=b&c=d" of the pairs whose value is not empty, encoded.
std::string queryOf(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace junctor::app
