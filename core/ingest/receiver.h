#pragma once
// Receiver: the public listener's handler. Route -> handshake -> verify -> dedupe -> append -> ack.
// Everything runs on the reactor thread up to the append; the answer leaves when the commit is
// durable (P1). A refused request leaves nothing but a counter and a log line.
#include <atomic>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json_doc.h"
#include "ingest/endpoints.h"
#include "net/http_server.h"
#include "store/store.h"

namespace junctor::ingest {

class Receiver final : public net::HttpHandler {
 public:
  // Called on the store's writer thread for each request that became durable (no duplicates).
  using OnDurable = std::function<void(const RawRequestPtr&)>;

  Receiver(store::Store& store, IdSource& ids, const Clock& clock, observe::Metrics& metrics,
           size_t body_bytes_max, OnDurable on_durable);

  // Any thread. Requests begun before keep the table they started with.
  void adopt(EndpointTable table);

  // Why the integration answers 503, "" = it does not. Any thread.
  std::string problemOf(const std::string& integration) const;

  Admission admit(const net::HttpRequest& head) override;
  void handle(net::HttpRequest request, net::ResponderPtr responder) override;

 private:
  using TablePtr = std::shared_ptr<const EndpointTable>;
  std::shared_ptr<const Endpoint> find(std::string_view path) const;
  void receive(const std::shared_ptr<const Endpoint>& endpoint, net::HttpRequest&& request,
               const net::ResponderPtr& responder);
  void append(const std::shared_ptr<const Endpoint>& endpoint, net::HttpRequest&& request,
              std::string url, std::string dedupe_key, const net::ResponderPtr& responder);
  void refuse(const Endpoint& endpoint, const net::HttpRequest& request, const Error& cause);

  store::Store& store_;
  IdSource& ids_;
  const Clock& clock_;
  const size_t body_bytes_max_;
  const OnDurable on_durable_;
  observe::Counter& overloaded_;
  observe::Histogram& ack_seconds_;

  std::atomic<TablePtr> table_;
  std::atomic<size_t> bytes_waiting_{0};
  // Reactor thread only.
  JsonDoc document_;
  int64_t refusals_logged_in_second_ = 0;
  int64_t refusal_second_ = 0;
};

}  // namespace junctor::ingest
