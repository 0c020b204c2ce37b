// junctor.http/1, kv/1, secrets/1 and metrics/1: tables over the ports.
#include "base/limits.h"
#include "plugin/call_context.h"
#include "plugin/host_services.h"

namespace junctor::plugin {
namespace {

Error noPort() {
  return makeError(ErrorCode::Unimplemented, "this host does not offer it to connectors");
}

bool sound(const jn_str& text) {
  return text.ptr || text.len == 0;
}

Result<Headers> headersOf(const jn_map& map) {
  Headers headers;
  if (!map.items && map.len > 0) return invalidArgument("a list of headers is NULL");
  if (map.len > limits::kHeaderFieldsMax) return invalidArgument("too many headers");
  for (size_t i = 0; i < map.len; ++i) {
    headers.emplace_back(textOf(map.items[i].key), textOf(map.items[i].val));
  }
  return headers;
}

// Name-value pairs into the arena; false if it is full.
bool keepMap(CallContext& context, const Headers& pairs, jn_map* out) {
  auto* items = static_cast<jn_kv*>(context.allocate(pairs.size() * sizeof(jn_kv), alignof(jn_kv)));
  if (!items) return false;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!context.keep(pairs[i].first, &items[i].key)) return false;
    if (!context.keep(pairs[i].second, &items[i].val)) return false;
  }
  *out = {items, pairs.size()};
  return true;
}

Result<HttpSend> sendOf(const jn_http_request& request) {
  for (const jn_str* text : {&request.method, &request.url, &request.body, &request.credential,
                             &request.idempotency_key}) {
    if (!sound(*text)) return invalidArgument("a text of the request is NULL");
  }
  if (request.body.len > limits::kConnectorBodyBytesMax) {
    return makeError(ErrorCode::ResourceExhausted, "the request's body is too large");
  }
  HttpSend send;
  JUNCTOR_TRY(send.headers, headersOf(request.headers));
  send.method = textOf(request.method);
  send.url = textOf(request.url);
  send.body = textOf(request.body);
  send.credential = textOf(request.credential);
  send.idempotency_key = textOf(request.idempotency_key);
  send.idempotent = request.flags & JN_HTTP_IDEMPOTENT;
  constexpr uint64_t kDayMs = 24ULL * 3600 * 1000;
  send.timeout_ms = static_cast<int64_t>(std::min(request.timeout_ms, kDayMs));
  send.answer_bytes_max = request.answer_bytes_max;
  return send;
}

// Seconds; a date is the connector's to read, if it must.
uint64_t retryAfterMs(const Headers& headers) {
  const std::string* text = findHeader(headers, "Retry-After");
  if (!text || text->empty() || text->size() > 6) return 0;
  uint64_t seconds = 0;
  for (const char c : *text) {
    if (c < '0' || c > '9') return 0;
    seconds = seconds * 10 + static_cast<uint64_t>(c - '0');
  }
  return seconds * 1000;
}

bool keepAnswer(CallContext& context, const HttpAnswer& answer, jn_http_response& out) {
  out.status = static_cast<uint32_t>(answer.status);
  out.retry_after_ms = retryAfterMs(answer.headers);
  return keepMap(context, answer.headers, &out.headers) && context.keep(answer.body, &out.body);
}

jn_status send(const jn_call* call, const jn_http_request* given, jn_http_response* out) {
  if (!call || !give(jn_http_response{}, out)) return JN_E_INTERNAL;
  CallContext& context = CallContext::of(call);
  const auto request = known(given);
  if (!request) return JN_E_INTERNAL;
  if (!context.target().ports.http) return context.refuse("http", noPort());
  const auto prepared = sendOf(*request);
  if (!prepared) return context.refuse("http", prepared.error());
  const auto answer = context.target().ports.http->send(context.portCall(), *prepared);
  if (!answer) return context.refuse("http", answer.error());
  jn_http_response response{};
  if (!keepAnswer(context, *answer, response)) return JN_E_TOO_LARGE;
  give(response, out);
  return JN_OK;
}

jn_status kvGet(const jn_call* call, const jn_str* key, jn_kv_entry* out) {
  if (!call || !key || !give(jn_kv_entry{}, out)) return JN_E_INTERNAL;
  CallContext& context = CallContext::of(call);
  if (!context.target().ports.kv) return context.refuse("kv", noPort());
  const auto found = context.target().ports.kv->get(context.portCall(), std::string(textOf(*key)));
  if (!found) return context.refuse("kv", found.error());
  jn_kv_entry entry{};
  if (!context.keep(found->value, &entry.value)) return JN_E_TOO_LARGE;
  entry.version = found->version;
  entry.expires_ms = found->expires_at_ms;
  give(entry, out);
  return JN_OK;
}

jn_status kvPut(const jn_call* call, const jn_kv_write* given, uint64_t* out_version) {
  if (out_version) *out_version = 0;
  const auto write = known(given);
  if (!call || !write || !sound(write->key) || !sound(write->value)) return JN_E_INTERNAL;
  CallContext& context = CallContext::of(call);
  if (!context.target().ports.kv) return context.refuse("kv", noPort());
  KvWrite order;
  order.key = textOf(write->key);
  if (write->value.len > limits::kConnectorKvValueBytesMax) return JN_E_TOO_LARGE;
  order.value = textOf(write->value);
  if (write->flags & JN_KV_IF_VERSION) order.if_version = write->version;
  order.ttl_ms = static_cast<int64_t>(std::min<uint64_t>(write->ttl_ms, INT64_MAX / 2));
  const auto version = context.target().ports.kv->put(context.portCall(), order);
  if (!version) return context.refuse("kv", version.error());
  if (out_version) *out_version = *version;
  return JN_OK;
}

jn_status kvDelete(const jn_call* call, const jn_str* key) {
  if (!call || !key) return JN_E_INTERNAL;
  CallContext& context = CallContext::of(call);
  if (!context.target().ports.kv) return context.refuse("kv", noPort());
  const auto done =
      context.target().ports.kv->remove(context.portCall(), std::string(textOf(*key)));
  return done ? JN_OK : context.refuse("kv", done.error());
}

jn_status kvList(const jn_call* call, const jn_str* prefix, const jn_str* after, jn_map* out) {
  if (out) *out = {nullptr, 0};
  if (!call || !prefix || !out) return JN_E_INTERNAL;
  CallContext& context = CallContext::of(call);
  if (!context.target().ports.kv) return context.refuse("kv", noPort());
  const auto page = context.target().ports.kv->list(
      context.portCall(), std::string(textOf(*prefix)),
      after ? std::string(textOf(*after)) : std::string(), limits::kConnectorKvPageMax);
  if (!page) return context.refuse("kv", page.error());
  return keepMap(context, *page, out) ? JN_OK : JN_E_TOO_LARGE;
}

jn_status secretGet(const jn_call* call, const jn_str* name, jn_str* out) {
  if (out) *out = {nullptr, 0};
  if (!call || !name || !out) return JN_E_INTERNAL;
  CallContext& context = CallContext::of(call);
  if (!context.target().ports.secrets) return context.refuse("secrets", noPort());
  const auto secret =
      context.target().ports.secrets->get(context.portCall(), std::string(textOf(*name)));
  if (!secret) return context.refuse("secrets", secret.error());
  return context.keepSecret(*secret, out) ? JN_OK : JN_E_TOO_LARGE;
}

// The name and labels of one metric call.
struct Metric {
  std::string name;
  MetricsPort::Labels labels;
};
Result<Metric> metricOf(const jn_str& name, const jn_map* labels) {
  Metric metric;
  if (name.len > limits::kConnectorMetricNameBytesMax) {
    return invalidArgument("a metric's name is too long");
  }
  metric.name = textOf(name);
  if (labels) {
    JUNCTOR_TRY(metric.labels, headersOf(*labels));
  }
  return metric;
}

template <class Count>
jn_status measure(const jn_call* call, const jn_str* name, const jn_map* labels, Count&& add) {
  if (!call || !name) return JN_E_INTERNAL;
  CallContext& context = CallContext::of(call);
  if (!context.target().ports.metrics) return context.refuse("metrics", noPort());
  const auto metric = metricOf(*name, labels);
  if (!metric) return context.refuse("metrics", metric.error());
  const auto done = add(*context.target().ports.metrics, context.portCall(), *metric);
  return done ? JN_OK : context.refuse("metrics", done.error());
}

jn_status metricCount(const jn_call* call, const jn_str* name, const jn_map* labels, uint64_t n) {
  return measure(call, name, labels,
                 [n](MetricsPort& port, const PortCall& who, const Metric& metric) {
                   return port.count(who, metric.name, metric.labels, n);
                 });
}

jn_status metricObserve(const jn_call* call, const jn_str* name, const jn_map* labels,
                        uint64_t us) {
  return measure(call, name, labels,
                 [us](MetricsPort& port, const PortCall& who, const Metric& metric) {
                   return port.observeUs(who, metric.name, metric.labels, us);
                 });
}

}  // namespace

const jn_http& httpService() {
  static constexpr jn_http kTable = {sizeof(jn_http), 0, send};
  return kTable;
}
const jn_kv_store& kvService() {
  static constexpr jn_kv_store kTable = {sizeof(jn_kv_store), 0, kvGet, kvPut, kvDelete, kvList};
  return kTable;
}
const jn_secrets& secretsService() {
  static constexpr jn_secrets kTable = {sizeof(jn_secrets), 0, secretGet};
  return kTable;
}
const jn_metrics& metricsService() {
  static constexpr jn_metrics kTable = {sizeof(jn_metrics), 0, metricCount, metricObserve};
  return kTable;
}

}  // namespace junctor::plugin
