#pragma once
// A running client and the verbs its tests speak in.
#include <future>
#include <memory>
#include <string>

#include "net/http_client.h"
#include "unit/net/scripted_server.h"

namespace junctor::net::testing {

class ClientFixture {
 public:
  ClientFixture() : client(startHttpClient(systemClock())) {}

  // A POST that may go to loopback.
  static OutboundRequest postTo(const std::string& url, const std::string& body = "{}") {
    OutboundRequest request;
    request.url = url;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = std::make_shared<const std::string>(body);
    request.pool = "tenant/destination";
    request.allow_private = true;
    return request;
  }
  std::future<Result<OutboundResponse>> start(OutboundRequest request) {
    auto promise = std::make_shared<std::promise<Result<OutboundResponse>>>();
    auto future = promise->get_future();
    client->send(std::move(request), [promise](Result<OutboundResponse> result) {
      promise->set_value(std::move(result));
    });
    return future;
  }
  Result<OutboundResponse> call(OutboundRequest request) { return start(std::move(request)).get(); }
  ErrorCode errorOf(OutboundRequest request) {
    const auto result = call(std::move(request));
    return result ? ErrorCode::Internal : result.error().code;
  }
  // What becomes of a POST that the server answers with these bytes and then closes.
  Result<OutboundResponse> callAnsweredBy(const std::string& response) {
    ScriptedServer server([&response](Peer& peer) {
      if (!peer.readRequest().empty()) peer.send(response);
    });
    return call(postTo(server.url()));
  }

  std::unique_ptr<HttpClient> client;
};

}  // namespace junctor::net::testing
