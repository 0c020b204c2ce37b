#include "app/public_front.h"

#include "base/limits.h"
#include "base/log.h"

namespace junctor::app {
namespace {

constexpr const char* kCallback = "/v1/oauth/callback";

// For a person's browser; nothing of what the provider sent is repeated.
net::HttpResponse page(int status, const std::string& text) {
  return {status,
          {{"Content-Type", "text/plain; charset=utf-8"},
           {"Cache-Control", "no-store"},
           {"Referrer-Policy", "no-referrer"},
           {"X-Content-Type-Options", "nosniff"},
           {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}},
          text + "\n"};
}

}  // namespace

PublicFront::PublicFront(net::HttpHandler& webhooks, oauth::Keeper& tokens)
    : webhooks_(webhooks), tokens_(tokens), thread_("jn-oauth", [this] { work(); }) {}

PublicFront::~PublicFront() {
  stopping_.store(true);
  callbacks_.wake();
}

net::HttpHandler::Admission PublicFront::admit(const net::HttpRequest& head) {
  if (head.path != kCallback) return webhooks_.admit(head);
  Admission admission;
  admission.body_bytes_max = 0;
  if (head.method != "GET") {
    admission.refuse = net::problem(405, "method-not-allowed", "the callback takes GET");
    admission.refuse->headers.emplace_back("Allow", "GET");
  }
  return admission;
}

void PublicFront::handle(net::HttpRequest request, net::ResponderPtr responder) {
  if (request.path != kCallback) return webhooks_.handle(std::move(request), std::move(responder));
  if (callbacks_.size() >= limits::kOauthPendingMax) {
    return responder->reply(page(503, "Too much is under way. Please try again."));
  }
  callbacks_.push({std::move(request.query), std::move(responder)});
}

void PublicFront::work() {
  while (!stopping_.load()) {
    for (Callback& callback : callbacks_.take(std::chrono::milliseconds(500))) {
      const auto done = tokens_.finish(callback.query);
      if (done) {
        callback.responder->reply(
            page(200, "Integration " + *done + " is connected. You can close this window."));
        continue;
      }
      log::warn("oauth", {}, "a callback was refused: {}", done.error().message);
      callback.responder->reply(
          page(400, "The integration was not connected: " + done.error().message));
    }
  }
}

}  // namespace junctor::app
