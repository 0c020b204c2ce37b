#include "ingest/receiver.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "ingest/custom_signature.h"
#include "ingest/handshake.h"
#include "plugin/verdict.h"

namespace junctor::ingest {
namespace {

constexpr std::string_view kIncoming = "/v1/webhooks/incoming/";
constexpr int64_t kRefusalLinesPerSecond = 10;  // a scanner must not fill the log

net::HttpResponse notFoundHere() {
  return net::problem(404, "unknown-endpoint", "No active integration has this address.");
}

net::HttpResponse tryLater(std::string_view detail) {
  net::HttpResponse response = net::problem(503, "unavailable", detail);
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

net::HttpResponse tooMany(const quota::Keeper::Refusal& refusal) {
  net::HttpResponse response = net::problem(429, "too-many-requests", refusal.why);
  response.headers.emplace_back("Retry-After", std::to_string((refusal.wait_ms + 999) / 1'000));
  return response;
}

// What the provider wants to hear for a stored event. The id is in a header too, since some
// providers show or refuse a body.
net::HttpResponse answer(const plugin::Manifest& manifest, const store::Appended& appended,
                         const std::optional<net::HttpResponse>& reply) {
  net::HttpResponse response{manifest.success_status, {}, ""};
  if (reply) {
    response = *reply;
  } else if (!manifest.success_content_type.empty()) {
    response.headers.emplace_back("Content-Type", manifest.success_content_type);
    response.body = manifest.success_body;
  } else if (manifest.success_status != 204) {
    const std::string status = appended.duplicate ? "duplicate" : "accepted";
    response =
        net::jsonResponse(manifest.success_status, R"({"status":")" + status + R"(","event_id":")" +
                                                       appended.id.text() + "\"}\n");
  }
  response.headers.emplace_back("Junctor-Event-Id", appended.id.text());
  return response;
}

net::HttpResponse responseOf(plugin::Reply&& reply) {
  net::HttpResponse response{reply.status, std::move(reply.headers), std::move(reply.body)};
  if (!findHeader(response.headers, "Content-Type")) {
    response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  }
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

bool allowedFrom(const Endpoint& endpoint, const std::string& address) {
  const auto& networks = endpoint.allow_from;
  return networks.empty() ||
         std::any_of(networks.begin(), networks.end(),
                     [&](const Network& network) { return network.contains(address); });
}

bool looksLikeJson(const plugin::Manifest& manifest, const net::HttpRequest& request) {
  if (manifest.body == plugin::BodyKind::Json) return true;
  if (manifest.body != plugin::BodyKind::Any) return false;
  const std::string* type = findHeader(request.headers, "Content-Type");
  return type == nullptr || lowerAscii(*type).find("json") != std::string::npos;
}

std::string publicUrl(const Integration& integration, const net::HttpRequest& request) {
  if (!integration.public_url.empty()) return integration.public_url + request.target;
  return (request.tls ? "https://" : "http://") + request.host + request.target;
}

// A token in the URL is never stored: what stands after its name is cut out.
std::string withoutToken(std::string url, const std::string& parameter) {
  if (parameter.empty()) return url;
  const size_t query = url.find('?');
  for (size_t at = query; at != url.npos && at < url.size(); at = url.find('&', at)) {
    ++at;
    if (url.compare(at, parameter.size() + 1, parameter + "=") != 0) continue;
    const size_t value = at + parameter.size() + 1;
    url.replace(value, std::min(url.find('&', value), url.size()) - value, "***");
  }
  return url;
}

// Older or second signatures (GitHub's X-Hub-Signature) and shared tokens, whatever the scheme.
bool secretLike(std::string_view name) {
  const std::string lower = lowerAscii(name);
  for (const std::string_view word : {"signature", "secret", "api-key", "authorization"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return lower.ends_with("-token") && lower.find("idempotency") == std::string::npos;
}

Headers withoutSecrets(const Endpoint& endpoint, Headers&& headers) {
  std::erase_if(headers, [&](const Header& header) {
    if (secretLike(header.first)) return true;
    for (const std::string& name : endpoint.secret_headers) {
      if (equalsIgnoreCase(header.first, name)) return true;
    }
    return false;
  });
  return std::move(headers);
}

}  // namespace

Receiver::Receiver(store::Store& store, IdSource& ids, const Clock& clock,
                   observe::Metrics& metrics, quota::Keeper& quotas, size_t body_bytes_max,
                   OnDurable on_durable)
    : store_(store),
      ids_(ids),
      clock_(clock),
      quotas_(quotas),
      body_bytes_max_(body_bytes_max ? body_bytes_max : limits::kBodyBytesMax),
      on_durable_(std::move(on_durable)),
      overloaded_(metrics.counter("junctor_ingest_overloaded_total",
                                  "Webhooks answered 503: store full, failing or behind")),
      limited_(metrics.counter("junctor_ingest_limited_total",
                               "Webhooks answered 429: over a rate or cap of their tenant")),
      ack_seconds_(
          metrics.histogram("junctor_ingest_ack_seconds", "Complete request to durable answer")),
      table_(std::make_shared<const EndpointTable>()) {}

void Receiver::adopt(EndpointTable table) {
  table_.store(std::make_shared<const EndpointTable>(std::move(table)));
}

std::string Receiver::problemOf(const std::string& integration) const {
  const TablePtr table = table_.load();
  const auto found = table->find(integration);
  return found == table->end() ? "" : found->second->unavailable;
}

std::shared_ptr<const Endpoint> Receiver::find(std::string_view path) const {
  if (!path.starts_with(kIncoming)) return nullptr;
  const TablePtr table = table_.load();
  const auto found = table->find(std::string(path.substr(kIncoming.size())));
  return found == table->end() ? nullptr : found->second;
}

net::HttpHandler::Admission Receiver::admit(const net::HttpRequest& head) {
  if (head.path == "/healthz") return {0, std::nullopt};
  const auto endpoint = find(head.path);
  if (!endpoint) return {0, notFoundHere()};
  if (head.method != "POST" && head.method != "GET") {
    net::HttpResponse response = net::problem(405, "method-not-allowed", "Use GET or POST.");
    response.headers.emplace_back("Allow", "GET, POST");
    return {0, std::move(response)};
  }
  const size_t own = endpoint->integration->body_bytes_max;
  return {own ? own : body_bytes_max_, std::nullopt};
}

void Receiver::handle(net::HttpRequest request, net::ResponderPtr responder) {
  if (request.path == "/healthz") {
    responder->reply(net::jsonResponse(200, "{\"status\":\"ok\"}\n"));
    return;
  }
  const auto endpoint = find(request.path);
  if (!endpoint) return responder->reply(notFoundHere());
  receive(endpoint, std::move(request), responder);
}

void Receiver::receive(const std::shared_ptr<const Endpoint>& endpoint, net::HttpRequest&& request,
                       const net::ResponderPtr& responder) {
  const plugin::Manifest& manifest = endpoint->connector->manifest();
  if (!allowedFrom(*endpoint, request.remote_ip)) {
    refuse(*endpoint, request,
           makeError(ErrorCode::PermissionDenied, "the sender's address is not in allow_from"));
    return responder->reply(
        net::problem(403, "address-not-allowed", "This address may not send here."));
  }
  // Whatever the request is, the connector has to be asked before its sender is answered.
  const bool asks = endpoint->custom || manifest.replies;
  if (request.method == manifest.handshake.method) {
    if (auto echo = queryHandshake(manifest.handshake, request.query, endpoint->handshake_token)) {
      endpoint->handshakes->add();
      return responder->reply(std::move(*echo));
    }
  }
  if (request.method == "GET" && (!endpoint->custom || !manifest.replies)) {
    return responder->reply(notFoundHere());
  }
  if (!endpoint->unavailable.empty()) {
    return responder->reply(tryLater("This integration cannot verify signatures now."));
  }
  Incoming in{endpoint, std::move(request), {}, responder};
  in.url = publicUrl(*endpoint->integration, in.request);
  if (endpoint->verifier && !verified(in)) return;
  if (asks) return askConnector(std::move(in));
  if (const auto body = understand(in, document_)) append(std::move(in), *body, std::nullopt);
}

// False: it was answered.
bool Receiver::verified(Incoming& in) {
  const net::HttpRequest& request = in.request;
  const crypto::SignatureInput input{request.method, in.url,       request.path,
                                     request.query,  request.body, request.headers};
  const auto by = in.endpoint->verifier->verify(input, clock_.unixMs());
  if (!by) {
    refuseSignature(in, by.error());
    return false;
  }
  in.secret = *by;
  in.endpoint->uses[*by]->store(clock_.unixMs(), std::memory_order_relaxed);
  if (!in.endpoint->secret_member.empty()) {
    in.request.body = crypto::withoutMember(std::move(in.request.body), in.endpoint->secret_member);
  }
  return true;
}

// The body if it is JSON, else nothing in it. None: the request was answered.
std::optional<JsonView> Receiver::understand(const Incoming& in, JsonDoc& document) {
  const plugin::Manifest& manifest = in.endpoint->connector->manifest();
  JsonView body;
  if (looksLikeJson(manifest, in.request)) {
    auto parsed = document.parse(in.request.body);
    if (!parsed) {
      refuse(*in.endpoint, in.request, parsed.error());
      in.responder->reply(net::problem(400, "bad-json", parsed.error().message));
      return std::nullopt;
    }
    body = *parsed;
  }
  const auto proof = [&in](std::string_view value) {
    const auto& verifier = in.endpoint->verifier;
    return verifier ? verifier->proof(in.secret, value) : std::string();
  };
  if (auto echo = jsonHandshake(manifest.handshake, body, proof)) {
    in.endpoint->handshakes->add();
    in.responder->reply(std::move(*echo));
    return std::nullopt;
  }
  return body;
}

void Receiver::askConnector(Incoming&& in) {
  const size_t bytes = in.request.body.size();
  const bool fits = bytes_waiting_.fetch_add(bytes) + bytes <= limits::kIngestBytesMax;
  const auto shared = std::make_shared<Incoming>(std::move(in));
  const bool taken = fits && desk_.offer([this, shared, bytes](ConnectorDesk::Worker& worker) {
    bytes_waiting_.fetch_sub(bytes);
    ask(worker, std::move(*shared));
  });
  if (taken) return;
  bytes_waiting_.fetch_sub(bytes);
  overloaded_.add();
  shared->responder->reply(tryLater("Too much is waiting for this connector."));
}

// On a thread of the desk.
void Receiver::ask(ConnectorDesk::Worker& worker, Incoming&& in) {
  const auto instance = worker.instanceOf(in.endpoint);
  if (!instance) {
    log::error("ingest", {{"integration", in.endpoint->integration->id}}, "cannot ask: {}",
               instance.error().message);
    return in.responder->reply(tryLater("The connector cannot be asked now."));
  }
  if (in.endpoint->custom && !verifiedBy(**instance, in)) return;
  const auto body = understand(in, worker.document);
  if (!body) return;
  std::optional<net::HttpResponse> reply;
  if (in.endpoint->connector->manifest().replies) {
    auto answered = (*instance)->answer(rawOf(in, true), *body);
    if (!answered && plugin::isRestarting(answered.error())) {
      return in.responder->reply(tryLater("The connector is starting again."));
    }
    if (answered && answered->reply) reply = responseOf(std::move(*answered->reply));
    // It needs nothing stored. (A failure is stored: it becomes a dead letter, not a lost event.)
    if (answered && answered->events.empty() && reply) {
      in.endpoint->handshakes->add();
      return in.responder->reply(std::move(*reply));
    }
  }
  if (in.request.method == "GET") return in.responder->reply(notFoundHere());
  append(std::move(in), *body, std::move(reply));
}

// False: it was answered. What the connector says against the request is final; what keeps it from
// saying anything is not.
bool Receiver::verifiedBy(plugin::Instance& instance, const Incoming& in) {
  if (const auto sound =
          checkSignatureHeaders(in.endpoint->connector->manifest(), in.request.headers);
      !sound) {
    refuseSignature(in, sound.error());
    return false;
  }
  const auto verified =
      instance.verify(rawOf(in, false), JsonView(), in.endpoint->custom->values());
  if (verified) return true;
  const Error& error = verified.error();
  const bool unasked = plugin::isRestarting(error) || plugin::isFinalVerdict(error) ||
                       error.code == ErrorCode::DeadlineExceeded ||
                       error.code == ErrorCode::Unimplemented;
  if (!unasked) {
    refuseSignature(in, error);
    return false;
  }
  refuse(*in.endpoint, in.request, error);
  in.responder->reply(tryLater("The connector cannot check the signature now."));
  return false;
}

RawRequest Receiver::rawOf(const Incoming& in, bool without_secrets) const {
  RawRequest raw;
  raw.tenant = in.endpoint->integration->tenant;
  raw.integration = in.endpoint->integration->id;
  raw.connector = in.endpoint->integration->connector;
  raw.received_at_ms = clock_.unixMs();
  raw.method = in.request.method;
  raw.url = in.url;
  raw.headers = in.request.headers;
  if (without_secrets) {
    raw.url = withoutToken(std::move(raw.url), in.endpoint->secret_query);
    raw.headers = withoutSecrets(*in.endpoint, std::move(raw.headers));
  }
  raw.body = in.request.body;
  raw.remote_ip = in.request.remote_ip;
  return raw;
}

void Receiver::append(Incoming&& in, JsonView body, std::optional<net::HttpResponse> reply) {
  const std::shared_ptr<const Endpoint> endpoint = std::move(in.endpoint);
  const net::ResponderPtr responder = std::move(in.responder);
  net::HttpRequest& request = in.request;
  const size_t bytes = request.body.size();
  const Integration& integration = *endpoint->integration;
  if (const auto refusal = quotas_.refuse(integration.tenant, integration.id)) {
    limited_.add();
    return responder->reply(tooMany(*refusal));
  }
  if (bytes_waiting_.fetch_add(bytes) + bytes > limits::kIngestBytesMax) {
    bytes_waiting_.fetch_sub(bytes);
    overloaded_.add();
    return responder->reply(tryLater("Too much is waiting to be stored."));
  }
  auto raw = std::make_shared<RawRequest>();
  raw->id = ids_.nextEvent();
  raw->tenant = endpoint->integration->tenant;
  raw->integration = endpoint->integration->id;
  raw->connector = endpoint->integration->connector;
  raw->received_at_ms = clock_.unixMs();
  raw->dedupe_key =
      plugin::deliveryKey(endpoint->delivery_key, request.headers, request.query, body);
  raw->method = std::move(request.method);
  raw->url = withoutToken(std::move(in.url), endpoint->secret_query);
  raw->headers = withoutSecrets(*endpoint, std::move(request.headers));
  raw->body = std::move(request.body);
  raw->remote_ip = std::move(request.remote_ip);

  const int64_t started_ns = clock_.monotonicNs();
  store_.append(raw, [this, endpoint, raw, responder, bytes, started_ns,
                      reply = std::move(reply)](const Result<store::Appended>& appended) {
    bytes_waiting_.fetch_sub(bytes);
    if (!appended) {
      overloaded_.add();
      return responder->reply(tryLater("The event could not be stored."));
    }
    if (!appended->duplicate) quotas_.addEvents(raw->tenant, 1);  // before its sender goes on
    responder->reply(answer(endpoint->connector->manifest(), *appended, reply));
    ack_seconds_.observeUs((clock_.monotonicNs() - started_ns) / 1000);
    if (appended->duplicate) return endpoint->duplicates->add();
    endpoint->accepted->add();
    raw->claim = appended->claim;  // nobody else has it yet
    on_durable_(raw);
  });
}

void Receiver::refuseSignature(const Incoming& in, const Error& cause) {
  refuse(*in.endpoint, in.request, cause);
  in.responder->reply(net::problem(401, "bad-signature",
                                   "The signature is missing, wrong or outside its time window."));
}

void Receiver::refuse(const Endpoint& endpoint, const net::HttpRequest& request,
                      const Error& cause) {
  endpoint.rejected->add();
  {
    std::lock_guard lock(refusals_);
    const int64_t second = clock_.unixMs() / 1000;
    if (second != refusal_second_) {
      refusal_second_ = second;
      refusals_logged_in_second_ = 0;
    }
    if (++refusals_logged_in_second_ > kRefusalLinesPerSecond) return;
  }
  log::warn("ingest",
            {{"tenant", endpoint.integration->tenant},
             {"integration", endpoint.integration->id},
             {"remote", request.remote_ip}},
            "webhook refused: {}", cause.message);
}

}  // namespace junctor::ingest
