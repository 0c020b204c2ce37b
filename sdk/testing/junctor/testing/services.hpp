// The tables of host interfaces that the test host offers. Part of junctor/testing.hpp.
#ifndef JUNCTOR_TESTING_SERVICES_HPP
#define JUNCTOR_TESTING_SERVICES_HPP

namespace jnc::testing::services {

inline std::string levelName(uint32_t level) {
  constexpr const char* kNames[] = {"debug", "info", "warn", "error"};
  return kNames[level < JN_LOG_ERROR ? level : JN_LOG_ERROR];
}
inline HeaderList listOf(const jn_map& map) {
  HeaderList list;
  for (size_t i = 0; i < map.len; ++i) {
    list.emplace_back(textOf(map.items[i].key), textOf(map.items[i].val));
  }
  return list;
}

// -- junctor.json/1
inline jn_json_node nodeOf(const Value* value) {
  jn_json_node node{};
  node.host[0] = reinterpret_cast<uintptr_t>(value);
  return node;
}
inline const Value* valueOf(const jn_json_node* node) {
  return node ? reinterpret_cast<const Value*>(static_cast<uintptr_t>(node->host[0])) : nullptr;
}
inline int32_t give(const Value* value, jn_json_node* out) {
  *out = nodeOf(value);
  return value != nullptr;
}
inline OpenWriter& opened(jn_json_writer* writer) {
  return *reinterpret_cast<OpenWriter*>(writer);
}
inline jn_status parse(const jn_call* call, const jn_str* text, jn_json_node* out) {
  return Call::of(call).parse(textOf(*text), out);
}
inline uint32_t type(const jn_json_node* node) {
  const Value* value = valueOf(node);
  return value ? value->type : JN_JSON_ABSENT;
}
inline int32_t get(const jn_json_node* node, const char* key, size_t len, jn_json_node* out) {
  const Value* value = valueOf(node);
  return give(value ? value->find({key, len}) : nullptr, out);
}
inline int32_t pointer(const jn_json_node* node, const char* path, size_t len, jn_json_node* out) {
  const Value* value = valueOf(node);
  return give(value ? value->pointer({path, len}) : nullptr, out);
}
inline int32_t at(const jn_json_node* node, size_t index, jn_json_node* out) {
  const Value* value = valueOf(node);
  const bool there = value && value->type == JN_JSON_ARRAY && index < value->members.size();
  return give(there ? &value->members[index].second : nullptr, out);
}
inline size_t size(const jn_json_node* node) {
  const Value* value = valueOf(node);
  return value ? value->members.size() : 0;
}
inline int32_t next(const jn_json_node* container, jn_json_iter* iter, jn_str* key,
                    jn_json_node* value) {
  const Value* from = valueOf(container);
  const uint64_t index = iter->host[0];
  if (key) *key = {nullptr, 0};
  if (!from || index >= from->members.size()) return give(nullptr, value);
  iter->host[0] = index + 1;
  const auto& [name, member] = from->members[index];
  if (key) *key = {name.data(), name.size()};
  return give(&member, value);
}
inline int32_t asStr(const jn_json_node* node, jn_str* out) {
  const Value* value = valueOf(node);
  *out = {nullptr, 0};
  if (!value || value->type != JN_JSON_STRING) return 0;
  *out = {value->text.data(), value->text.size()};
  return 1;
}
inline int32_t asI64(const jn_json_node* node, int64_t* out) {
  const Value* value = valueOf(node);
  if (!value || value->type != JN_JSON_INT) return 0;
  *out = value->integer;
  return 1;
}
inline int32_t asU64(const jn_json_node* node, uint64_t* out) {
  const Value* value = valueOf(node);
  if (value && value->type == JN_JSON_UINT) {
    *out = value->natural;
    return 1;
  }
  if (!value || value->type != JN_JSON_INT || value->integer < 0) return 0;
  *out = static_cast<uint64_t>(value->integer);
  return 1;
}
inline int32_t asF64(const jn_json_node* node, double* out) {
  const Value* value = valueOf(node);
  if (!value || value->type < JN_JSON_INT || value->type > JN_JSON_DOUBLE) return 0;
  *out = value->number;
  return 1;
}
inline int32_t asBool(const jn_json_node* node, int32_t* out) {
  const Value* value = valueOf(node);
  if (!value || value->type != JN_JSON_BOOL) return 0;
  *out = value->truth;
  return 1;
}
inline jn_status dump(const jn_call* call, const jn_json_node* node, jn_str* out) {
  const Value* value = valueOf(node);
  return Call::of(call).keep(value ? value->dump() : "null", out);
}
inline jn_json_writer* writeBegin(const jn_call* call) {
  return Call::of(call).openWriter();
}
inline void raw(jn_json_writer* writer, const std::string& json) {
  opened(writer).writer.raw(json);
}
inline std::string numberText(double value) {
  if (!std::isfinite(value)) return "null";
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.17g", value);
  return digits;
}
inline jn_status writeEnd(jn_json_writer* writer, jn_str* out) {
  OpenWriter& open = opened(writer);
  open.writer.in_use = false;
  *out = {nullptr, 0};
  const auto text = open.writer.end();
  return text ? open.call->keep(*text, out) : JN_E_INVALID;
}

inline const jn_json kJson = {
    sizeof(jn_json),
    0,
    parse,
    type,
    get,
    pointer,
    at,
    size,
    next,
    asStr,
    asI64,
    asU64,
    asF64,
    asBool,
    dump,
    writeBegin,
    [](jn_json_writer* w, uint32_t kind) { opened(w).writer.open(kind == JN_JSON_OBJECT); },
    [](jn_json_writer* w) { opened(w).writer.close(); },
    [](jn_json_writer* w, const char* key, size_t len) { opened(w).writer.key({key, len}); },
    [](jn_json_writer* w, const char* text, size_t len) { raw(w, quoted(cleanText({text, len}))); },
    [](jn_json_writer* w, int64_t value) { raw(w, std::to_string(value)); },
    [](jn_json_writer* w, uint64_t value) { raw(w, std::to_string(value)); },
    [](jn_json_writer* w, double value) { raw(w, numberText(value)); },
    [](jn_json_writer* w, int32_t value) { raw(w, value ? "true" : "false"); },
    [](jn_json_writer* w) { raw(w, "null"); },
    [](jn_json_writer* w, const jn_json_node* node) {
      const Value* value = valueOf(node);
      raw(w, value ? value->dump() : "null");
    },
    writeEnd};

// -- junctor.codec/1: MD5 is not offered here
inline jn_status encode(const jn_call* call, uint32_t codec, const jn_str* bytes, jn_str* out) {
  const std::string input = textOf(*bytes);
  switch (codec) {
    case JN_CODEC_HEX:
      return Call::of(call).keep(toHex(input), out);
    case JN_CODEC_BASE64:
      return Call::of(call).keep(toBase64(input), out);
    case JN_CODEC_BASE64URL:
      return Call::of(call).keep(toBase64(input, true), out);
    case JN_CODEC_PERCENT:
      return Call::of(call).keep(toPercent(input), out);
    default:
      return JN_E_UNSUPPORTED;
  }
}
inline jn_status decode(const jn_call* call, uint32_t codec, const jn_str* text, jn_str* out) {
  const std::string input = textOf(*text);
  std::optional<std::string> bytes;
  switch (codec) {
    case JN_CODEC_HEX:
      bytes = fromHex(input);
      break;
    case JN_CODEC_BASE64:
      bytes = fromBase64(input);
      break;
    case JN_CODEC_BASE64URL:
      bytes = fromBase64(input, true);
      break;
    case JN_CODEC_PERCENT:
      bytes = fromPercent(input);
      break;
    default:
      return JN_E_UNSUPPORTED;
  }
  return bytes ? Call::of(call).keep(*bytes, out) : JN_E_INVALID;
}
inline jn_status form(const jn_call* call, const jn_str* text, jn_map* out) {
  HeaderList fields;
  const std::string input = textOf(*text);
  for (size_t from = 0; from <= input.size();) {
    const size_t end = std::min(input.find('&', from), input.size());
    const std::string field = input.substr(from, end - from);
    from = end + 1;
    if (field.empty()) continue;
    const size_t equals = std::min(field.find('='), field.size());
    const auto key = fromPercent(field.substr(0, equals), true);
    const auto value =
        fromPercent(equals < field.size() ? field.substr(equals + 1) : std::string(), true);
    if (!key || !value) return JN_E_INVALID;
    fields.emplace_back(*key, *value);
  }
  return fields.size() > 1000 ? JN_E_TOO_LARGE : Call::of(call).keepMap(fields, out);
}
inline jn_status digest(const jn_call* call, uint32_t kind, const jn_str* bytes, jn_str* out) {
  if (kind != JN_DIGEST_SHA256) return JN_E_UNSUPPORTED;
  return Call::of(call).keep(sha256(textOf(*bytes)), out);
}
inline const jn_codec kCodec = {sizeof(jn_codec), 0, encode, decode, form, digest};

// -- junctor.clock/1, junctor.log/1
inline const jn_clock kClock = {
    sizeof(jn_clock), 0, [](const jn_call* call) { return Call::of(call).host().now_ms; },
    [](const jn_call* call) {
      return static_cast<uint64_t>(Call::of(call).host().now_ms) * 1'000'000;
    },
    [](const jn_call*, const jn_str* text, int64_t* out) {
      const auto time = parseTime(textOf(*text));
      if (time) *out = *time;
      return time ? JN_OK : JN_E_INVALID;
    }};
inline const jn_log kLog = {
    sizeof(jn_log), 0, [](uint32_t) -> int32_t { return 1; },
    [](const jn_call* call, uint32_t level, const jn_str* text, const jn_map*) {
      Call::of(call).host().log.push_back(levelName(level) + ": " + textOf(*text));
    }};

// -- junctor.crypto/1: HMAC-SHA256 alone
inline jn_status verifyMac(const jn_call* call, uint32_t alg, const jn_str* parts, size_t n,
                           const jn_str* tag) {
  if (alg != JN_ALG_HMAC_SHA256) return JN_E_UNSUPPORTED;
  std::string bytes;
  for (size_t i = 0; i < n; ++i) bytes += textOf(parts[i]);
  for (const std::string& secret : Call::of(call).host().webhook_secrets) {
    if (hmacSha256(secret, bytes) == textOf(*tag)) return JN_OK;
  }
  return JN_E_SIGNATURE;
}
inline const jn_crypto kCrypto = {sizeof(jn_crypto), 0, verifyMac,
                                  [](const jn_call*, uint32_t, const jn_str*, const jn_str*, size_t,
                                     const jn_str*) -> jn_status { return JN_E_UNSUPPORTED; }};

// -- junctor.http/1
inline jn_status sendHttp(const jn_call* raw_call, const jn_http_request* request,
                          jn_http_response* response) {
  Call& call = Call::of(raw_call);
  const uint32_t declared = response->struct_size;
  *response = {};
  response->struct_size = declared;
  if (const jn_status over = call.gate(true); over != JN_OK) return over;
  const std::string method = textOf(request->method);
  const bool safe = method == "GET" || method == "HEAD";
  if ((raw_call->flags & JN_CALL_DRY_RUN) && !safe) return JN_E_DENIED;
  if (textOf(request->url).rfind("https://", 0) != 0) return JN_E_INVALID;
  return call.host().send(call, *request, response);
}
inline const jn_http kHttp = {sizeof(jn_http), 0, sendHttp};

// -- junctor.kv/1
inline jn_status kvGate(const jn_call* call, bool writes) {
  if (writes && (call->flags & JN_CALL_DRY_RUN)) return JN_E_DENIED;
  return Call::of(call).gate(true);
}
inline Host::Stored* findStored(Host& host, const std::string& key) {
  const auto found = host.kv.find(key);
  if (found == host.kv.end()) return nullptr;
  if (found->second.expires_ms && found->second.expires_ms <= host.now_ms) return nullptr;
  return &found->second;
}
inline jn_status kvGet(const jn_call* call, const jn_str* key, jn_kv_entry* out) {
  if (const jn_status over = kvGate(call, false); over != JN_OK) return over;
  const Host::Stored* stored = findStored(Call::of(call).host(), textOf(*key));
  if (!stored) return JN_E_NOT_FOUND;
  out->version = stored->version;
  out->expires_ms = stored->expires_ms;
  return Call::of(call).keep(stored->value, &out->value);
}
inline jn_status kvPut(const jn_call* call, const jn_kv_write* write, uint64_t* out_version) {
  if (const jn_status over = kvGate(call, true); over != JN_OK) return over;
  Host& host = Call::of(call).host();
  const std::string key = textOf(write->key);
  if (key.empty() || key.size() > 256 || !isUtf8(key)) return JN_E_INVALID;
  if (write->value.len > 64 * 1024) return JN_E_TOO_LARGE;
  const Host::Stored* old = findStored(host, key);
  const uint64_t version = old ? old->version : 0;
  if ((write->flags & JN_KV_IF_VERSION) && write->version != version) return JN_E_CONFLICT;
  const auto ttl = static_cast<int64_t>(write->ttl_ms);
  host.kv[key] = {textOf(write->value), version + 1, ttl ? host.now_ms + ttl : 0};
  if (out_version) *out_version = version + 1;
  return JN_OK;
}
inline jn_status kvDel(const jn_call* call, const jn_str* key) {
  if (const jn_status over = kvGate(call, true); over != JN_OK) return over;
  Call::of(call).host().kv.erase(textOf(*key));
  return JN_OK;
}
inline jn_status kvList(const jn_call* call, const jn_str* prefix, const jn_str* after,
                        jn_map* out) {
  if (const jn_status over = kvGate(call, false); over != JN_OK) return over;
  Host& host = Call::of(call).host();
  HeaderList page;
  for (const auto& [key, stored] : host.kv) {
    const bool wanted = key.rfind(textOf(*prefix), 0) == 0 && key > textOf(*after);
    if (wanted && page.size() < 100 && findStored(host, key)) page.emplace_back(key, stored.value);
  }
  return Call::of(call).keepMap(page, out);
}
inline const jn_kv_store kKv = {sizeof(jn_kv_store), 0, kvGet, kvPut, kvDel, kvList};

// -- junctor.secrets/1, junctor.metrics/1
inline const jn_secrets kSecrets = {
    sizeof(jn_secrets), 0, [](const jn_call* call, const jn_str* name, jn_str* out) -> jn_status {
      const auto& known = Call::of(call).host().secrets;
      const auto found = known.find(textOf(*name));
      return found == known.end() ? JN_E_NOT_FOUND : Call::of(call).keep(found->second, out);
    }};
inline const jn_metrics kMetrics = {
    sizeof(jn_metrics), 0,
    [](const jn_call* call, const jn_str* name, const jn_map*, uint64_t n) -> jn_status {
      Call::of(call).host().counters[textOf(*name)] += n;
      return JN_OK;
    },
    [](const jn_call* call, const jn_str* name, const jn_map*, uint64_t) -> jn_status {
      Call::of(call).host().counters[textOf(*name)] += 1;
      return JN_OK;
    }};

inline const void* tableOf(std::string_view id) {
  if (id == JN_JSON_ID) return &kJson;
  if (id == JN_CODEC_ID) return &kCodec;
  if (id == JN_CLOCK_ID) return &kClock;
  if (id == JN_LOG_ID) return &kLog;
  if (id == JN_CRYPTO_ID) return &kCrypto;
  if (id == JN_HTTP_ID) return &kHttp;
  if (id == JN_KV_ID) return &kKv;
  if (id == JN_SECRETS_ID) return &kSecrets;
  if (id == JN_METRICS_ID) return &kMetrics;
  return nullptr;
}

// -- sinks
inline bool isJson(const jn_str& text) {
  return text.len == 0 || Parser::parse(textOf(text)).has_value();
}
inline jn_status takeEvent(const jn_webhook_sink* sink, const jn_event* in) {
  Call& call = *static_cast<Call*>(sink->ctx);
  if (call.host().sink_status != JN_OK) return call.refused = call.host().sink_status;
  const bool json = isJson(in->actor_json) && isJson(in->data_json) && isJson(in->payload_json) &&
                    isJson(in->metadata_json);
  if (in->type.len == 0 || !json) {
    call.outcome.message = in->type.len ? "a *_json member is not JSON" : "an event has no type";
    return call.refused = JN_E_INVALID;
  }
  Event event = {textOf(in->type),          textOf(in->id),
                 textOf(in->resource_type), textOf(in->resource_id),
                 textOf(in->actor_json),    textOf(in->data_json),
                 textOf(in->payload_json),  textOf(in->metadata_json),
                 in->occurred_ms,           {}};
  if (in->flags & JN_EVENT_HAS_SEQUENCE) event.sequence = in->sequence;
  call.outcome.events.push_back(std::move(event));
  return JN_OK;
}
inline jn_webhook_sink webhookSink(Call& call) {
  return {sizeof(jn_webhook_sink), 0, &call, takeEvent,
          [](const jn_webhook_sink*, const jn_reply*) -> jn_status { return JN_E_UNSUPPORTED; }};
}
inline jn_action_sink actionSink(Call& call) {
  return {sizeof(jn_action_sink), 0, &call,
          [](const jn_action_sink* sink, const jn_action_result* in) -> jn_status {
            Call& to = *static_cast<Call*>(sink->ctx);
            if (to.host().sink_status != JN_OK) return to.host().sink_status;
            if (!to.outcome.result.empty()) return JN_E_CONFLICT;
            if (!isJson(in->data_json)) return JN_E_INVALID;
            to.outcome.result = in->data_json.len ? textOf(in->data_json) : "null";
            to.outcome.external_id = textOf(in->external_id);
            to.outcome.result_url = textOf(in->url);
            return JN_OK;
          }};
}

}  // namespace jnc::testing::services

#endif
