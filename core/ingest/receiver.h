#pragma once
// Receiver: the public listener's handler. Route -> handshake -> verify -> dedupe -> append -> ack.
// Everything runs on the reactor thread up to the append, except what a connector has to be asked
// (ConnectorDesk); the answer leaves when the commit is durable (P1). A refused request leaves
// nothing but a counter and a log line.
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json_doc.h"
#include "ingest/connector_desk.h"
#include "ingest/endpoints.h"
#include "net/http_server.h"
#include "quota/quotas.h"
#include "store/store.h"

namespace junctor::ingest {

class Receiver final : public net::HttpHandler {
 public:
  // Called on the store's writer thread for each request that became durable (no duplicates).
  using OnDurable = std::function<void(const RawRequestPtr&)>;

  // `quotas` says which verified webhooks are too many: they are answered 429.
  Receiver(store::Store& store, IdSource& ids, const Clock& clock, observe::Metrics& metrics,
           quota::Keeper& quotas, size_t body_bytes_max, OnDurable on_durable);

  // Any thread. Requests begun before keep the table they started with.
  void adopt(EndpointTable table);

  // Why the integration answers 503, "" = it does not. Any thread.
  std::string problemOf(const std::string& integration) const;

  Admission admit(const net::HttpRequest& head) override;
  void handle(net::HttpRequest request, net::ResponderPtr responder) override;

 private:
  using TablePtr = std::shared_ptr<const EndpointTable>;
  std::shared_ptr<const Endpoint> find(std::string_view path) const;
  // A request on its way, in the hands of one thread at a time.
  struct Incoming {
    std::shared_ptr<const Endpoint> endpoint;
    net::HttpRequest request;
    std::string url;
    net::ResponderPtr responder;
    size_t secret = 0;  // which one verified it
  };
  void receive(const std::shared_ptr<const Endpoint>& endpoint, net::HttpRequest&& request,
               const net::ResponderPtr& responder);
  std::optional<JsonView> understand(const Incoming& in, JsonDoc& document);
  void askConnector(Incoming&& in);
  void ask(ConnectorDesk::Worker& worker, Incoming&& in);
  bool verified(Incoming& in);
  bool verifiedBy(plugin::Instance& instance, const Incoming& in);
  RawRequest rawOf(const Incoming& in, bool without_secrets) const;
  // `reply` instead of the usual answer.
  void append(Incoming&& in, JsonView body, std::optional<net::HttpResponse> reply);
  void refuse(const Endpoint& endpoint, const net::HttpRequest& request, const Error& cause);
  void refuseSignature(const Incoming& in, const Error& cause);

  store::Store& store_;
  IdSource& ids_;
  const Clock& clock_;
  quota::Keeper& quotas_;
  const size_t body_bytes_max_;
  const OnDurable on_durable_;
  observe::Counter& overloaded_;
  observe::Counter& limited_;
  observe::Histogram& ack_seconds_;

  std::atomic<TablePtr> table_;
  std::atomic<size_t> bytes_waiting_{0};
  JsonDoc document_;  // reactor thread only
  std::mutex refusals_;
  int64_t refusals_logged_in_second_ = 0;  // guarded by refusals_
  int64_t refusal_second_ = 0;             // guarded by refusals_
  ConnectorDesk desk_;                     // last: its threads use all of the above
};

}  // namespace junctor::ingest
