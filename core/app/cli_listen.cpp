#include <signal.h>

#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "base/json_value.h"
#include "crypto/signature.h"
#include "net/http_server.h"

namespace junctor::app {
namespace {

constexpr size_t kBodyBytesMax = 32 * 1024 * 1024;

// Standard Webhooks 1.0.0, as any receiver would check it.
crypto::SignatureScheme standardWebhooks() {
  crypto::SignatureScheme scheme;
  scheme.header = "webhook-signature";
  scheme.prefix = "v1,";
  scheme.encoding = crypto::Encoding::Base64;
  scheme.key = crypto::KeyForm::Base64AfterPrefix;
  scheme.signed_template = "{header:webhook-id}.{timestamp}.{body}";
  scheme.separator = " ";
  scheme.timestamp_header = "webhook-timestamp";
  scheme.tolerance_s = 300;
  return scheme;
}

// A receiver that prints what it gets. Runs on the reactor thread: printing is all it does.
class Sink final : public net::HttpHandler {
 public:
  Sink(std::unique_ptr<crypto::Verifier> verifier, int status, bool json)
      : verifier_(std::move(verifier)), status_(status), json_(json) {}

  Admission admit(const net::HttpRequest&) override { return {kBodyBytesMax, std::nullopt}; }

  void handle(net::HttpRequest request, net::ResponderPtr responder) override {
    std::string cause;
    const bool good = verify(request, cause);
    const int status = good ? status_ : 401;
    show(request, good, cause, status);
    net::HttpResponse response;
    response.status = status;
    responder->reply(std::move(response));
  }

 private:
  bool verify(const net::HttpRequest& request, std::string& cause) const {
    if (!verifier_) return true;
    const crypto::SignatureInput input{request.method, request.target, request.path,
                                       request.query,  request.body,   request.headers};
    const auto verified = verifier_->verify(input, systemClock().unixMs());
    if (!verified) cause = verified.error().message;
    return verified.has_value();
  }

  static std::string header(const net::HttpRequest& request, std::string_view name) {
    const std::string* value = findHeader(request.headers, name);
    return value ? *value : "";
  }

  // CloudEvents: the type stands in the body, or in a header in binary mode.
  static std::string typeOf(const net::HttpRequest& request, const Result<Json>& body) {
    std::string type = header(request, "ce-type");
    if (type.empty() && body && body->is_object()) type = cell(*body, "type");
    return type;
  }

  void show(const net::HttpRequest& request, bool good, const std::string& cause, int status) {
    const auto body = parseJson(request.body);
    const std::string now = formatRfc3339(systemClock().unixMs());
    const std::string id = header(request, "webhook-id");
    if (json_) {
      Json line = {{"at", now},
                   {"method", request.method},
                   {"path", request.target},
                   {"webhook_id", id},
                   {"type", typeOf(request, body)}};
      line["verified"] = verifier_ ? Json(good) : Json(nullptr);
      line["cause"] = cause;
      line["status"] = status;
      for (const auto& [name, value] : request.headers) line["headers"][name] = value;
      line["body"] = body ? *body : Json(request.body);
      printJsonLine(line);
      return;
    }
    const std::string verdict = !verifier_ ? "not checked" : good ? "verified" : "NOT VERIFIED";
    print(visible(fmt::format("{}  {} {}  {}  {:<24} ", shortTime(now), request.method,
                              request.target, id, typeOf(request, body))) +
          paint(verdict, good ? verifier_ ? Paint::Green : Paint::Yellow : Paint::Red) +
          visible(fmt::format("  -> {}{}", status, cause.empty() ? "" : "  " + cause)));
  }

  const std::unique_ptr<crypto::Verifier> verifier_;
  const int status_;
  const bool json_;
};

Result<std::unique_ptr<crypto::Verifier>> verifierOf(const CliContext& context,
                                                     const std::vector<std::string>& refs) {
  if (refs.empty()) return std::unique_ptr<crypto::Verifier>();
  std::vector<std::string> secrets;
  for (const std::string& ref : refs) {
    JUNCTOR_TRY(std::string secret, config::resolveSecret({ref}, context.environment));
    secrets.push_back(std::move(secret));
  }
  return crypto::makeVerifier(standardWebhooks(), secrets);
}

}  // namespace

Result<int> listen(const CliContext& context, const ListenOptions& options) {
  if (options.status < 200 || options.status > 599) {
    return invalidArgument("--status must be from 200 to 599");
  }
  if (options.port < 0 || options.port > 65'535) {
    return invalidArgument("--port must be from 0 to 65535");
  }
  JUNCTOR_TRY(auto verifier, verifierOf(context, options.secrets));
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread starts

  if (!verifier)
    talk("signatures are not checked: --secret env:NAME or file:PATH names the secret");
  Sink sink(std::move(verifier), options.status, context.json);
  net::HttpServerOptions server;
  server.name = "jn-listen";
  server.address = options.address + ":" + std::to_string(options.port);
  JUNCTOR_TRY(const auto front, net::startHttpServer(server, sink, systemClock()));
  talk("listening on http://" + front->address() + " (Ctrl-C ends it)");
  int number = 0;
  sigwait(&signals, &number);
  return kExitOk;
}

}  // namespace junctor::app
