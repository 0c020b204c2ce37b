#include "app/connector_ports.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <future>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "base/log.h"
#include "delivery/outcome.h"
#include "plugin/gate_rules.h"
#include "trust/grants.h"
#include "wire/wire.h"

namespace junctor::app {
namespace {

constexpr size_t kScopesMax = 64;
constexpr std::chrono::milliseconds kCancelLook{20};  // how soon a cancelled call is noticed

Error storeTrouble(const Error& error) {
  return error.retryable() ? error : unavailable("the store cannot keep it");
}

int64_t sizeOf(const std::string& key, const std::string& value) {
  return static_cast<int64_t>(key.size() + value.size());
}

std::string documentOf(const plugin::KvEntry& entry) {
  return dumpJson({{"value", toBase64(entry.value)},
                   {"version", entry.version},
                   {"expires_at_ms", entry.expires_at_ms}});
}

std::optional<plugin::KvEntry> entryOf(const std::string& document) {
  const auto json = parseJson(document);
  if (!json || !json->is_object() || !json->contains("value")) return std::nullopt;
  const auto value = fromBase64((*json)["value"].get<std::string>());
  if (!value) return std::nullopt;
  return plugin::KvEntry{*value, json->value("version", uint64_t{0}),
                         json->value("expires_at_ms", int64_t{0})};
}

void cut(std::string& text, std::string_view secret) {
  constexpr size_t kLeast = 6;  // shorter ones are words that answers have anyway
  if (secret.size() < kLeast) return;
  for (size_t at = text.find(secret); at != text.npos; at = text.find(secret, at + 3)) {
    text.replace(at, secret.size(), "***");
  }
}

// Some providers repeat what they were sent, in errors above all. Answers go to connectors,
// callers, logs and the journal; what stood in the header goes nowhere.
void scrub(plugin::HttpAnswer& answer, const Credentials::Given& given) {
  const std::string& value = given.header.second;
  const std::string_view word = std::string_view(value).substr(value.rfind(' ') + 1);
  for (const std::string_view secret : {std::string_view(given.secret), word}) {
    cut(answer.body, secret);
    for (Header& header : answer.headers) cut(header.second, secret);
  }
}

// What the provider would have said. Nothing was sent.
plugin::HttpAnswer overRate(std::chrono::milliseconds wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return {429,
          {{"Retry-After", std::to_string(seconds)}, {"Content-Type", "application/json"}},
          R"({"message":"the provider's rate is used up for now; nothing was sent"})"};
}

}  // namespace

// ---- network

Simulators simulatorsOf(const std::vector<std::string>& settings) {
  Simulators out;
  for (const std::string& setting : settings) {  // checked when it was read
    const size_t equals = setting.find('=');
    int port = 0;
    std::from_chars(setting.data() + equals + 1, setting.data() + setting.size(), port);
    out[setting.substr(0, equals)] = port;
  }
  return out;
}

void simulate(const Simulators& simulators, std::string_view connector,
              net::OutboundRequest& request) {
  const auto simulator = simulators.find(connector);
  if (simulator == simulators.end()) return;
  const size_t host = request.url.find("//") + 2;
  const size_t path = std::min(request.url.find('/', host), request.url.size());
  request.headers.emplace_back("Junctor-Simulated-Host", request.url.substr(host, path - host));
  request.url = fmt::format("http://127.0.0.1:{}{}", simulator->second, request.url.substr(path));
  request.allow_private = true;
}

Result<net::OutboundRequest> NetworkPort::outbound(const plugin::PortCall& call,
                                                   const plugin::HttpSend& request) const {
  net::OutboundRequest out;
  out.method = request.method;
  out.url = request.url;
  out.headers = request.headers;
  if (!findHeader(out.headers, "User-Agent")) out.headers.emplace_back("User-Agent", "Junctor/1");
  if (!request.idempotency_key.empty()) {
    out.headers.emplace_back("Idempotency-Key", request.idempotency_key);
  }
  out.body = std::make_shared<const std::string>(request.body);
  out.pool = fmt::format("connector/{}/{}", call.tenant, call.integration);
  out.allow_private = allow_private_ || termsOf(call).allow_private;
  out.timeout_ms = request.timeout_ms;
  out.response_bytes_max = request.answer_bytes_max;
  simulate(simulators_, call.connector, out);
  return out;
}

Result<plugin::HttpAnswer> NetworkPort::send(const plugin::PortCall& call,
                                             const plugin::HttpSend& request) {
  JUNCTOR_TRY(net::OutboundRequest out, outbound(call, request));
  if (request.credential.empty()) return dispatch(call, std::move(out));
  if (!credentials_) {
    return makeError(ErrorCode::Unauthenticated,
                     fmt::format("integration {} has no credential named {}", call.integration,
                                 request.credential));
  }
  JUNCTOR_TRY(auto given, credentials_->find(call, request.credential));
  net::OutboundRequest first = out;
  JUNCTOR_CHECK(attach(call, request, given, first));
  JUNCTOR_TRY(plugin::HttpAnswer answer, dispatch(call, std::move(first)));
  scrub(answer, given);
  if (answer.status != 401 || given.token.empty()) return answer;
  // Refused, so not carried out: with a new token it may go once more.
  const auto another = credentials_->find(call, request.credential, given.token);
  if (!another || another->token == given.token) return answer;
  out.headers.push_back(another->header);
  JUNCTOR_TRY(plugin::HttpAnswer second, dispatch(call, std::move(out)));
  scrub(second, *another);
  return second;
}

Result<void> NetworkPort::attach(const plugin::PortCall& call, const plugin::HttpSend& request,
                                 const Credentials::Given& given, net::OutboundRequest& out) const {
  if (given.url.empty()) {
    if (!given.header.first.empty()) out.headers.push_back(given.header);
    return {};
  }
  if (simulators_.contains(call.connector)) {  // plays the address that the manifest names
    out.headers.emplace_back("Authorization", "Simulated");
    return {};
  }
  const auto host = plugin::hostOfUrl(given.url);
  if (!host || !call.grants || !call.grants->mayUse(request.credential, *host)) {
    return makeError(ErrorCode::Unauthenticated,
                     fmt::format("the address in credential '{}' is not one of the connector's "
                                 "hosts over https",
                                 request.credential));
  }
  out.url = given.url;
  return {};
}

// Providers that name a pause are left alone, by those that wait already, too.
Result<plugin::HttpAnswer> NetworkPort::dispatch(const plugin::PortCall& call,
                                                 net::OutboundRequest out) {
  const std::string key(call.integration);
  const int64_t deadline_ns = clock_.monotonicNs() + out.timeout_ms * 1'000'000;
  const auto entered = pacer_.enter(key, termsOf(call).rate, deadline_ns, call.cancelled);
  if (!entered && entered.error().retry_after) return overRate(*entered.error().retry_after);
  if (!entered) return entered.error();
  out.timeout_ms = std::max<int64_t>(1, (deadline_ns - clock_.monotonicNs()) / 1'000'000);
  auto answer = exchange(call, std::move(out));
  if (answer && answer->status == 429) {
    const std::string* wait = findHeader(answer->headers, "Retry-After");
    const auto pause = wait ? delivery::parseRetryAfter(*wait, clock_.unixMs()) : std::nullopt;
    if (pause) pacer_.pause(key, *pause);
  }
  return answer;
}

Result<plugin::HttpAnswer> NetworkPort::exchange(const plugin::PortCall& call,
                                                 net::OutboundRequest out) {
  if (!wire::protocolOf(out.url).empty()) {
    JUNCTOR_TRY(net::OutboundResponse told, wire::exchange(out, call.cancelled, clock_));
    return plugin::HttpAnswer{told.status, std::move(told.headers), std::move(told.body)};
  }
  auto promise = std::make_shared<std::promise<Result<net::OutboundResponse>>>();
  auto answered = promise->get_future();
  client_.send(std::move(out), [promise](Result<net::OutboundResponse> answer) {
    promise->set_value(std::move(answer));
  });
  while (answered.wait_for(kCancelLook) != std::future_status::ready) {
    if (call.cancelled && call.cancelled->load()) {
      return makeError(ErrorCode::Cancelled, "the call was cancelled; it may have been sent");
    }
  }
  JUNCTOR_TRY(net::OutboundResponse response, answered.get());
  return plugin::HttpAnswer{response.status, std::move(response.headers), std::move(response.body)};
}

// ---- storage

Result<StoragePort::Scope*> StoragePort::scopeOf(const plugin::PortCall& call) {
  const std::string kind = fmt::format("connector-kv:{}:{}", call.connector, call.integration);
  auto found = scopes_.find(kind);
  if (found == scopes_.end()) {
    auto documents = store_.documents(kind);
    if (!documents) return storeTrouble(documents.error());
    if (scopes_.size() >= kScopesMax) scopes_.erase(scopes_.begin());
    found = scopes_.emplace(kind, Scope{kind, {}, 0, 0}).first;
    for (const auto& [key, document] : *documents) {
      auto entry = entryOf(document);
      if (!entry) continue;  // not ours: overwritten by the next put
      found->second.bytes += sizeOf(key, entry->value);
      found->second.newest = std::max(found->second.newest, entry->version);
      found->second.entries.emplace(key, std::move(*entry));
    }
  }
  Scope& scope = found->second;
  std::vector<std::string> expired;
  for (const auto& [key, entry] : scope.entries) {
    if (entry.expires_at_ms != 0 && entry.expires_at_ms <= clock_.unixMs()) expired.push_back(key);
  }
  for (const std::string& key : expired) JUNCTOR_CHECK(drop(scope, key));
  return &scope;
}

Result<void> StoragePort::drop(Scope& scope, const std::string& key) {
  const auto found = scope.entries.find(key);
  if (found == scope.entries.end()) return {};
  const auto removed = store_.removeDocument(scope.kind, key);
  if (!removed && removed.error().code != ErrorCode::NotFound) return storeTrouble(removed.error());
  scope.bytes -= sizeOf(key, found->second.value);
  scope.entries.erase(found);
  return {};
}

Result<plugin::KvEntry> StoragePort::get(const plugin::PortCall& call, const std::string& key) {
  std::lock_guard lock(mutex_);
  JUNCTOR_TRY(const Scope* scope, scopeOf(call));
  const auto found = scope->entries.find(key);
  if (found == scope->entries.end()) return notFound("there is no such key");
  return found->second;
}

Result<uint64_t> StoragePort::put(const plugin::PortCall& call, const plugin::KvWrite& write) {
  std::lock_guard lock(mutex_);
  JUNCTOR_TRY(Scope * scope, scopeOf(call));
  const auto old = scope->entries.find(write.key);
  const bool exists = old != scope->entries.end();
  const uint64_t version = exists ? old->second.version : 0;
  if (write.if_version && *write.if_version != version) {
    return makeError(ErrorCode::AlreadyExists, "the key has another version by now");
  }
  const int64_t before = exists ? sizeOf(write.key, old->second.value) : 0;
  const int64_t after = scope->bytes - before + sizeOf(write.key, write.value);
  if (after > write.quota_bytes) {
    return makeError(
        ErrorCode::ResourceExhausted,
        fmt::format("more than the {} bytes the manifest asks for", write.quota_bytes));
  }
  const auto next = std::max<uint64_t>(scope->newest + 1, static_cast<uint64_t>(clock_.unixMs()));
  plugin::KvEntry entry{write.value, next, 0};
  if (write.ttl_ms > 0) entry.expires_at_ms = clock_.unixMs() + write.ttl_ms;
  const auto stored = store_.putDocument(scope->kind, write.key, documentOf(entry));
  if (!stored) return storeTrouble(stored.error());
  scope->entries[write.key] = std::move(entry);
  scope->bytes = after;
  scope->newest = next;
  return next;
}

Result<void> StoragePort::remove(const plugin::PortCall& call, const std::string& key) {
  std::lock_guard lock(mutex_);
  JUNCTOR_TRY(Scope * scope, scopeOf(call));
  return drop(*scope, key);
}

Result<std::vector<std::pair<std::string, std::string>>> StoragePort::list(
    const plugin::PortCall& call, const std::string& prefix, const std::string& after,
    size_t limit) {
  std::lock_guard lock(mutex_);
  JUNCTOR_TRY(const Scope* scope, scopeOf(call));
  std::vector<std::pair<std::string, std::string>> page;
  auto at = after < prefix ? scope->entries.lower_bound(prefix) : scope->entries.upper_bound(after);
  for (; at != scope->entries.end() && page.size() < limit; ++at) {
    if (!at->first.starts_with(prefix)) break;
    page.emplace_back(at->first, at->second.value);
  }
  return page;
}

// ---- metrics

Result<observe::Labels> MetricsOfConnectors::admit(const plugin::PortCall& call,
                                                   const std::string& name, const Labels& labels) {
  observe::Labels all = {{"connector", std::string(call.connector)}};
  all.insert(all.end(), labels.begin(), labels.end());
  std::string whole = name;
  for (const auto& [label, value] : labels) whole += '\n' + label + '\n' + value;
  std::lock_guard lock(mutex_);
  auto& seen = seen_[std::string(call.connector)];
  if (!seen.contains(whole)) {
    if (seen.size() >= limits::kConnectorMetricsMax) {
      return makeError(ErrorCode::ResourceExhausted, "too many metrics of this connector");
    }
    seen.insert(whole);
  }
  return all;
}

Result<void> MetricsOfConnectors::count(const plugin::PortCall& call, const std::string& name,
                                        const Labels& labels, uint64_t n) {
  JUNCTOR_TRY(const observe::Labels all, admit(call, name, labels));
  metrics_.counter("junctor_connector_" + name + "_total", "Counted by a connector", all).add(n);
  return {};
}

Result<void> MetricsOfConnectors::observeUs(const plugin::PortCall& call, const std::string& name,
                                            const Labels& labels, uint64_t us) {
  JUNCTOR_TRY(const observe::Labels all, admit(call, name, labels));
  metrics_.histogram("junctor_connector_" + name + "_seconds", "Measured by a connector", all)
      .observeUs(static_cast<int64_t>(std::min<uint64_t>(us, INT64_MAX / 2)));
  return {};
}

// Every use is in the log, by name.
Result<std::string> SecretsOfIntegrations::get(const plugin::PortCall& call,
                                               const std::string& name) {
  std::string secret;
  JUNCTOR_CHECK(vault_.withSecret({std::string(call.tenant), std::string(call.integration), name},
                                  [&](std::string_view value) -> Result<void> {
                                    secret = value;
                                    return {};
                                  }));
  log::info("connector", {{"connector", call.connector}, {"tenant", call.tenant}, {"field", name}},
            "a connector was given a secret of integration {}", call.integration);
  return secret;
}

}  // namespace junctor::app
