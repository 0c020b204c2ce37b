#pragma once
// PublicFront: what answers on the public listener: webhooks, and the callback of OAuth, which
// talks to a provider and therefore waits on a thread of its own.
#include <atomic>

#include "base/threads.h"
#include "net/http_server.h"
#include "oauth/keeper.h"

namespace junctor::app {

class PublicFront final : public net::HttpHandler {
 public:
  PublicFront(net::HttpHandler& webhooks, oauth::Keeper& tokens);
  ~PublicFront();

  Admission admit(const net::HttpRequest& head) override;
  void handle(net::HttpRequest request, net::ResponderPtr responder) override;

 private:
  struct Callback {
    std::string query;
    net::ResponderPtr responder;
  };
  void work();

  net::HttpHandler& webhooks_;
  oauth::Keeper& tokens_;
  Mailbox<Callback> callbacks_;
  std::atomic<bool> stopping_{false};
  Thread thread_;  // last: it uses the others
};

}  // namespace junctor::app
