// The host's services in the C++ SDK: HTTP, storage, secrets, metrics, signatures. They throw a
// Failure with the host's status; JN_E_UNSUPPORTED where the host has no such interface. Part of
// junctor/connector.hpp.
#ifndef JUNCTOR_SERVICES_HPP
#define JUNCTOR_SERVICES_HPP

#include <junctor/call.hpp>
#include <vector>

namespace jnc {

// See jn_http_request. Views that must live until Call::http() returns.
struct HttpRequest {
  Text method = "GET";
  Text url;
  std::vector<std::pair<Text, Text>> headers;
  Text body;
  Text credential;       // its name in the manifest; the host adds the header
  Text idempotency_key;  // hand on the action's
  bool idempotent = false;
  uint64_t timeout_ms = 0;
  uint64_t answer_bytes_max = 0;
};

class HttpAnswer {
 public:
  HttpAnswer(const Call& call, const jn_http_response& response)
      : call_(call), response_(response) {}
  uint32_t status() const { return response_.status; }
  bool ok() const { return status() >= 200 && status() < 300; }
  Text body() const { return detail::text(response_.body); }
  Json json() const { return call_.parse(body()); }
  uint64_t retryAfterMs() const { return response_.retry_after_ms; }
  Text header(Text name) const {
    for (const jn_kv& header : Pairs(response_.headers)) {
      if (equalsIgnoreCase(detail::text(header.key), name)) return detail::text(header.val);
    }
    return {};
  }
  // What an answer means that is not 2xx, as a Failure of the right class.
  Failure failure(std::string message) const {
    return Failure(classOf(status()), std::move(message))
        .http(status())
        .retryAfter(response_.retry_after_ms);
  }
  const HttpAnswer& orThrow(const char* what) const {
    if (!ok()) throw failure(std::string(what) + ": HTTP " + std::to_string(status()));
    return *this;
  }
  static jn_status classOf(uint32_t status) {
    switch (status) {
      case 401:
        return JN_E_AUTH;
      case 403:
        return JN_E_FORBIDDEN;
      case 404:
      case 410:
        return JN_E_NOT_FOUND;
      case 409:
      case 412:
        return JN_E_CONFLICT;
      case 408:
      case 425:
        return JN_E_UNAVAILABLE;
      case 429:
        return JN_E_RATE_LIMITED;
      default:
        return status >= 500 ? JN_E_UNAVAILABLE : JN_E_INVALID;
    }
  }

 private:
  Call call_;
  jn_http_response response_;
};

struct KvEntry {
  Text value;
  uint64_t version = 0;
  int64_t expires_ms = 0;  // 0 = never
};

namespace detail {

template <class Table>
const Table& need(const Table* table, const char* what) {
  if (!table) throw Failure(JN_E_UNSUPPORTED, std::string("the host does not offer ") + what);
  return *table;
}
inline const jn_kv_store& kv() {
  return need(host().kv, JN_KV_ID);
}

}  // namespace detail

inline HttpAnswer Call::http(const HttpRequest& request) const {
  std::vector<jn_kv> headers;
  headers.reserve(request.headers.size());
  for (const auto& [name, value] : request.headers) {
    headers.push_back({detail::view(name), detail::view(value)});
  }
  jn_http_request in{};
  in.struct_size = sizeof in;
  in.flags = request.idempotent ? JN_HTTP_IDEMPOTENT : 0;
  in.method = detail::view(request.method);
  in.url = detail::view(request.url);
  in.headers = {headers.data(), headers.size()};
  in.body = detail::view(request.body);
  in.credential = detail::view(request.credential);
  in.idempotency_key = detail::view(request.idempotency_key);
  in.timeout_ms = request.timeout_ms;
  in.answer_bytes_max = request.answer_bytes_max;
  jn_http_response out{};
  out.struct_size = sizeof out;
  detail::check(detail::need(detail::host().http, JN_HTTP_ID).send(call_, &in, &out),
                "the HTTP request failed");
  return {*this, out};
}

// Nothing if there is none of that key.
inline std::optional<KvEntry> Call::kvGet(Text key) const {
  const jn_str name = detail::view(key);
  jn_kv_entry entry{};
  entry.struct_size = sizeof entry;
  const jn_status status = detail::kv().get(call_, &name, &entry);
  if (status == JN_E_NOT_FOUND) return std::nullopt;
  detail::check(status, "storage cannot be read");
  return KvEntry{detail::text(entry.value), entry.version, entry.expires_ms};
}

// Returns the new version. ttl_ms 0 = for ever.
inline uint64_t Call::kvPut(Text key, Text value, uint64_t ttl_ms) const {
  jn_kv_write write{};
  write.struct_size = sizeof write;
  write.key = detail::view(key);
  write.value = detail::view(value);
  write.ttl_ms = ttl_ms;
  uint64_t version = 0;
  detail::check(detail::kv().put(call_, &write, &version), "storage cannot be written");
  return version;
}

// Only over that version, 0 = only if there is none. Nothing if it is another by now.
inline std::optional<uint64_t> Call::kvPutIf(Text key, Text value, uint64_t version,
                                             uint64_t ttl_ms) const {
  jn_kv_write write{};
  write.struct_size = sizeof write;
  write.flags = JN_KV_IF_VERSION;
  write.key = detail::view(key);
  write.value = detail::view(value);
  write.version = version;
  write.ttl_ms = ttl_ms;
  uint64_t stored = 0;
  const jn_status status = detail::kv().put(call_, &write, &stored);
  if (status == JN_E_CONFLICT) return std::nullopt;
  detail::check(status, "storage cannot be written");
  return stored;
}

inline void Call::kvDelete(Text key) const {
  const jn_str name = detail::view(key);
  detail::check(detail::kv().del(call_, &name), "storage cannot be written");
}

// At most 100 keys after `after` with their values; none = the end.
inline Pairs Call::kvList(Text prefix, Text after) const {
  const jn_str start = detail::view(prefix), last = detail::view(after);
  jn_map page{};
  detail::check(detail::kv().list(call_, &start, &last, &page), "storage cannot be read");
  return Pairs(page);
}

// Only those that the manifest names. Never log it, never put it into an error.
inline Text Call::secret(Text name) const {
  const jn_str key = detail::view(name);
  jn_str out{};
  detail::check(detail::need(detail::host().secrets, JN_SECRETS_ID).get(call_, &key, &out),
                "the secret cannot be had");
  return detail::text(out);
}

// Metrics never fail a call.
inline void Call::count(Text name, uint64_t n, std::initializer_list<jn_kv> labels) const {
  const jn_str key = detail::view(name);
  const jn_map map{labels.begin(), labels.size()};
  if (const jn_metrics* metrics = detail::host().metrics) metrics->count(call_, &key, &map, n);
}
inline void Call::observeUs(Text name, uint64_t us, std::initializer_list<jn_kv> labels) const {
  const jn_str key = detail::view(name);
  const jn_map map{labels.begin(), labels.size()};
  if (const jn_metrics* metrics = detail::host().metrics) {
    metrics->observe_us(call_, &key, &map, us);
  }
}

// Is `tag` (raw bytes) the MAC of the joined parts under a live secret of the integration? For
// VerifiesWebhooks.
inline bool macMatches(const Call& call, uint32_t algorithm, std::initializer_list<jn_str> parts,
                       Text tag) {
  const jn_str raw = detail::view(tag);
  const jn_status status =
      detail::need(detail::host().crypto, JN_CRYPTO_ID)
          .verify_mac(call.raw(), algorithm, parts.begin(), parts.size(), &raw);
  if (status == JN_E_SIGNATURE) return false;
  detail::check(status, "the signature cannot be checked");
  return true;
}

}  // namespace jnc

#endif
