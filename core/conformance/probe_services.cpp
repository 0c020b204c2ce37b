#include "conformance/probe_services.h"

#include <junctor/junctor.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/bytes.h"
#include "conformance/guarded.h"
#include "conformance/probe.h"
#include "conformance/probe_call.h"
#include "plugin/host_services.h"

namespace junctor::conformance {
namespace {

template <class Table>
const Table& real(const char* id) {
  return *static_cast<const Table*>(plugin::hostInterface(id));
}
const jn_json& json() {
  static const jn_json& table = real<jn_json>(JN_JSON_ID);
  return table;
}

// Runs a service of the running call that answers a status.
template <class Work>
jn_status serve(const jn_call* call, const char* name, Work&& work) {
  ProbeCall* running = ProbeCall::running(call, name);
  if (!running) return JN_E_INTERNAL;
  if (const jn_status refused = running->gate(); refused != JN_OK) return refused;
  return work(*running);
}
// As serve(), for functions that take no call.
template <class Answer, class Work>
Answer look(const char* name, Answer none, Work&& work) {
  ProbeCall* running = ProbeCall::runningHere(name);
  if (!running) return none;
  running->tick();
  return work(*running);
}

// -- junctor.json/1
jn_status jsonParse(const jn_call* call, const jn_str* text, jn_json_node* out) {
  if (out) *out = {};
  return serve(call, "json.parse", [&](ProbeCall&) { return json().parse(call, text, out); });
}
uint32_t jsonType(const jn_json_node* node) {
  return look("json.type", uint32_t{JN_JSON_ABSENT}, [&](ProbeCall&) { return json().type(node); });
}
int32_t jsonGet(const jn_json_node* node, const char* key, size_t len, jn_json_node* out) {
  return look("json.get", 0, [&](ProbeCall&) { return json().get(node, key, len, out); });
}
int32_t jsonPointer(const jn_json_node* node, const char* text, size_t len, jn_json_node* out) {
  return look("json.pointer", 0, [&](ProbeCall&) { return json().pointer(node, text, len, out); });
}
int32_t jsonAt(const jn_json_node* node, size_t index, jn_json_node* out) {
  return look("json.at", 0, [&](ProbeCall&) { return json().at(node, index, out); });
}
size_t jsonSize(const jn_json_node* node) {
  return look("json.size", size_t{0}, [&](ProbeCall&) { return json().size(node); });
}
int32_t jsonNext(const jn_json_node* node, jn_json_iter* iter, jn_str* key, jn_json_node* value) {
  return look("json.next", 0, [&](ProbeCall& running) {
    const int32_t found = json().next(node, iter, key, value);
    if (found && key) running.guard(*key, "a key from json.next");
    return found;
  });
}
int32_t jsonStr(const jn_json_node* node, jn_str* out) {
  return look("json.as_str", 0, [&](ProbeCall& running) {
    const int32_t found = json().as_str(node, out);
    if (found && out) running.guard(*out, "a text from json.as_str");
    return found;
  });
}
int32_t jsonI64(const jn_json_node* node, int64_t* out) {
  return look("json.as_i64", 0, [&](ProbeCall&) { return json().as_i64(node, out); });
}
int32_t jsonU64(const jn_json_node* node, uint64_t* out) {
  return look("json.as_u64", 0, [&](ProbeCall&) { return json().as_u64(node, out); });
}
int32_t jsonF64(const jn_json_node* node, double* out) {
  return look("json.as_f64", 0, [&](ProbeCall&) { return json().as_f64(node, out); });
}
int32_t jsonBool(const jn_json_node* node, int32_t* out) {
  return look("json.as_bool", 0, [&](ProbeCall&) { return json().as_bool(node, out); });
}
jn_status jsonDump(const jn_call* call, const jn_json_node* node, jn_str* out) {
  if (out) *out = {};
  return serve(call, "json.dump", [&](ProbeCall& running) {
    const jn_status status = json().dump(call, node, out);
    if (status == JN_OK) running.guard(*out, "a text from json.dump");
    return status;
  });
}
jn_json_writer* jsonBegin(const jn_call* call) {
  ProbeCall* running = ProbeCall::running(call, "json.write_begin");
  if (!running || running->gateObject()) return nullptr;
  return json().write_begin(call);
}
void jsonOpen(jn_json_writer* writer, uint32_t type) {
  json().write_open(writer, type);
}
void jsonClose(jn_json_writer* writer) {
  json().write_close(writer);
}
void jsonKey(jn_json_writer* writer, const char* key, size_t len) {
  json().write_key(writer, key, len);
}
void jsonText(jn_json_writer* writer, const char* text, size_t len) {
  json().write_str(writer, text, len);
}
void jsonInt(jn_json_writer* writer, int64_t value) {
  json().write_i64(writer, value);
}
void jsonUint(jn_json_writer* writer, uint64_t value) {
  json().write_u64(writer, value);
}
void jsonDouble(jn_json_writer* writer, double value) {
  json().write_f64(writer, value);
}
void jsonTruth(jn_json_writer* writer, int32_t value) {
  json().write_bool(writer, value);
}
void jsonNull(jn_json_writer* writer) {
  json().write_null(writer);
}
void jsonNode(jn_json_writer* writer, const jn_json_node* node) {
  json().write_node(writer, node);
}
jn_status jsonEnd(jn_json_writer* writer, jn_str* out) {
  if (out) *out = {};
  return look("json.write_end", jn_status{JN_E_INTERNAL}, [&](ProbeCall& running) {
    if (const jn_status refused = running.gate(); refused != JN_OK) return refused;
    const jn_status status = json().write_end(writer, out);
    if (status == JN_OK) running.guard(*out, "a text from json.write_end");
    return status;
  });
}

// -- junctor.codec/1
const jn_codec& codec() {
  static const jn_codec& table = real<jn_codec>(JN_CODEC_ID);
  return table;
}
jn_status codecEncode(const jn_call* call, uint32_t kind, const jn_str* bytes, jn_str* out) {
  if (out) *out = {};
  return serve(call, "codec.encode", [&](ProbeCall& running) {
    const jn_status status = codec().encode(call, kind, bytes, out);
    if (status == JN_OK) running.guard(*out, "a text from codec.encode");
    return status;
  });
}
jn_status codecDecode(const jn_call* call, uint32_t kind, const jn_str* text, jn_str* out) {
  if (out) *out = {};
  return serve(call, "codec.decode", [&](ProbeCall& running) {
    const jn_status status = codec().decode(call, kind, text, out);
    if (status == JN_OK) running.guard(*out, "bytes from codec.decode");
    return status;
  });
}
jn_status codecForm(const jn_call* call, const jn_str* text, jn_map* out) {
  if (out) *out = {};
  return serve(call, "codec.form", [&](ProbeCall& running) {
    const jn_status status = codec().form(call, text, out);
    if (status == JN_OK) running.guard(*out, "fields from codec.form");
    return status;
  });
}
jn_status codecDigest(const jn_call* call, uint32_t kind, const jn_str* bytes, jn_str* out) {
  if (out) *out = {};
  return serve(call, "codec.digest", [&](ProbeCall& running) {
    const jn_status status = codec().digest(call, kind, bytes, out);
    if (status == JN_OK) running.guard(*out, "bytes from codec.digest");
    return status;
  });
}

// -- junctor.clock/1
const jn_clock& clockTable() {
  static const jn_clock& table = real<jn_clock>(JN_CLOCK_ID);
  return table;
}
int64_t clockUnix(const jn_call* call) {
  ProbeCall* running = ProbeCall::running(call, "clock.unix_ms");
  if (running) running->tick();
  return running ? clockTable().unix_ms(call) : 0;
}
uint64_t clockMono(const jn_call* call) {
  ProbeCall* running = ProbeCall::running(call, "clock.mono_ns");
  if (running) running->tick();
  return running ? clockTable().mono_ns(call) : 0;
}
jn_status clockParse(const jn_call* call, const jn_str* text, int64_t* out) {
  if (out) *out = 0;
  return serve(call, "clock.parse",
               [&](ProbeCall&) { return clockTable().parse(call, text, out); });
}

// -- junctor.log/1
int32_t logEnabled(uint32_t) {
  return 1;
}
void logWrite(const jn_call* call, uint32_t level, const jn_str* msg, const jn_map* fields) {
  ProbeCall* running = ProbeCall::running(call, "log.write");
  if (!running || !msg) return;
  running->tick();
  std::string line = textFrom(*msg, "a log line");
  for (size_t i = 0; fields && i < std::min<size_t>(fields->len, 64); ++i) {
    jn_kv field{};
    if (!copyFrom(fields->items + i, sizeof field, &field)) {
      return breach(Breach::Pointer, "the fields of a log line cannot be read");
    }
    line += " " + textFrom(field.key, "a log field") + "=" + textFrom(field.val, "a log field");
  }
  keepLog(level, std::move(line));
}

// -- junctor.crypto/1
const jn_crypto& cryptoTable() {
  static const jn_crypto& table = real<jn_crypto>(JN_CRYPTO_ID);
  return table;
}
jn_status verifyMac(const jn_call* call, uint32_t alg, const jn_str* parts, size_t n,
                    const jn_str* tag) {
  return serve(call, "crypto.verify_mac",
               [&](ProbeCall&) { return cryptoTable().verify_mac(call, alg, parts, n, tag); });
}
jn_status verifySig(const jn_call* call, uint32_t alg, const jn_str* key, const jn_str* parts,
                    size_t n, const jn_str* sig) {
  return serve(call, "crypto.verify_sig",
               [&](ProbeCall&) { return cryptoTable().verify_sig(call, alg, key, parts, n, sig); });
}

// -- junctor.http/1, played by the call's World
Headers headersFrom(const jn_map& map) {
  Headers out;
  for (size_t i = 0; i < std::min<size_t>(map.len, 1000); ++i) {
    jn_kv item{};
    if (!copyFrom(map.items + i, sizeof item, &item)) {
      breach(Breach::Pointer, "the headers of a request cannot be read");
      return out;
    }
    out.emplace_back(textFrom(item.key, "a header name"), textFrom(item.val, "a header value"));
  }
  return out;
}

void tell(ProbeCall& running, const HttpTold& told, jn_http_response& out) {
  GuardedPool& pool = running.pool();
  out.status = told.http_status;
  out.retry_after_ms = told.retry_after_ms;
  out.body = {pool.putText(told.body, "the body of an answer"), told.body.size()};
  std::vector<jn_kv> items;
  for (const auto& [name, value] : told.headers) {
    items.push_back({{pool.putText(name, "a header of an answer"), name.size()},
                     {pool.putText(value, "a header of an answer"), value.size()}});
  }
  out.headers = {static_cast<const jn_kv*>(pool.put(items.data(), items.size() * sizeof(jn_kv),
                                                    alignof(jn_kv), "the headers of an answer")),
                 items.size()};
}

jn_status httpSend(const jn_call* call, const jn_http_request* request, jn_http_response* out) {
  return serve(call, "http.send", [&](ProbeCall& running) -> jn_status {
    const auto given = structFrom(request, sizeof(jn_http_request), "a jn_http_request");
    if (!given || !out) return JN_E_INTERNAL;
    const uint32_t size = out->struct_size;
    if (size < sizeof(jn_http_response)) {
      breach(Breach::Pointer, "a jn_http_response has a struct_size that is too small");
      return JN_E_INTERNAL;
    }
    *out = {};
    out->struct_size = size;
    HttpAsked asked;
    asked.method = textFrom(given->method, "a request's method");
    asked.url = textFrom(given->url, "a request's url");
    asked.body = textFrom(given->body, "a request's body");
    asked.credential = textFrom(given->credential, "a request's credential");
    asked.idempotency_key = textFrom(given->idempotency_key, "a request's idempotency key");
    asked.headers = headersFrom(given->headers);
    asked.flags = given->flags;
    World* world = running.world();
    if (world) world->asked.push_back(asked);
    if (!world || !world->http || (running.flags() & JN_CALL_NO_IO)) return JN_E_DENIED;
    const bool safe = asked.method == "GET" || asked.method == "HEAD";
    if ((running.flags() & JN_CALL_DRY_RUN) && !safe) return JN_E_DENIED;
    const HttpTold told = world->http(asked);
    if (told.status != JN_OK) return told.status;
    tell(running, told, *out);
    return JN_OK;
  });
}

// -- junctor.kv/1 and junctor.secrets/1
jn_status kvGet(const jn_call* call, const jn_str* key, jn_kv_entry* out) {
  return serve(call, "kv.get", [&](ProbeCall& running) -> jn_status {
    World* world = running.world();
    if (!world || (running.flags() & JN_CALL_NO_IO)) return JN_E_DENIED;
    if (!key || !out) return JN_E_INTERNAL;
    const auto found = world->kv.find(textFrom(*key, "a key"));
    if (found == world->kv.end()) return JN_E_NOT_FOUND;
    out->value = {running.pool().putText(found->second, "a value from kv.get"),
                  found->second.size()};
    out->version = 1;
    return JN_OK;
  });
}
jn_status kvPut(const jn_call* call, const jn_kv_write* write, uint64_t* out_version) {
  return serve(call, "kv.put", [&](ProbeCall& running) -> jn_status {
    World* world = running.world();
    if (!world || (running.flags() & (JN_CALL_NO_IO | JN_CALL_DRY_RUN))) return JN_E_DENIED;
    const auto given = structFrom(write, sizeof(jn_kv_write), "a jn_kv_write");
    if (!given) return JN_E_INTERNAL;
    world->kv[textFrom(given->key, "a key")] = textFrom(given->value, "a value");
    if (out_version) *out_version = 1;
    return JN_OK;
  });
}
jn_status kvDel(const jn_call* call, const jn_str* key) {
  return serve(call, "kv.del", [&](ProbeCall& running) -> jn_status {
    World* world = running.world();
    if (!world || (running.flags() & (JN_CALL_NO_IO | JN_CALL_DRY_RUN))) return JN_E_DENIED;
    if (key) world->kv.erase(textFrom(*key, "a key"));
    return JN_OK;
  });
}
jn_status kvList(const jn_call* call, const jn_str*, const jn_str*, jn_map* out) {
  if (out) *out = {};
  return serve(call, "kv.list", [&](ProbeCall& running) -> jn_status {
    return running.world() && !(running.flags() & JN_CALL_NO_IO) ? JN_OK : JN_E_DENIED;
  });
}
jn_status secretGet(const jn_call* call, const jn_str* name, jn_str* out) {
  if (out) *out = {};
  return serve(call, "secrets.get", [&](ProbeCall& running) -> jn_status {
    World* world = running.world();
    if (!world) return JN_E_DENIED;
    if (!name || !out) return JN_E_INTERNAL;
    const auto found = world->secrets.find(textFrom(*name, "a secret's name"));
    if (found == world->secrets.end()) return JN_E_NOT_FOUND;
    *out = {running.pool().putText(found->second, "a secret"), found->second.size()};
    return JN_OK;
  });
}

// -- junctor.metrics/1
jn_status metricsCount(const jn_call* call, const jn_str*, const jn_map*, uint64_t) {
  return serve(call, "metrics.count", [](ProbeCall&) { return JN_OK; });
}

template <class Table>
const void* guardedTable(const Table& table, const char* label) {
  static GuardedPool pool;  // of this table, as long as the process lives
  return pool.putObject(table, label);
}

std::map<std::string_view, const void*> makeTables() {
  constexpr jn_json kJson = {
      sizeof(jn_json), 0,          jsonParse, jsonType,  jsonGet,  jsonPointer, jsonAt,
      jsonSize,        jsonNext,   jsonStr,   jsonI64,   jsonU64,  jsonF64,     jsonBool,
      jsonDump,        jsonBegin,  jsonOpen,  jsonClose, jsonKey,  jsonText,    jsonInt,
      jsonUint,        jsonDouble, jsonTruth, jsonNull,  jsonNode, jsonEnd};
  constexpr jn_codec kCodec = {sizeof(jn_codec), 0,         codecEncode,
                               codecDecode,      codecForm, codecDigest};
  constexpr jn_clock kClock = {sizeof(jn_clock), 0, clockUnix, clockMono, clockParse};
  constexpr jn_log kLog = {sizeof(jn_log), 0, logEnabled, logWrite};
  constexpr jn_crypto kCrypto = {sizeof(jn_crypto), 0, verifyMac, verifySig};
  constexpr jn_http kHttp = {sizeof(jn_http), 0, httpSend};
  constexpr jn_kv_store kKv = {sizeof(jn_kv_store), 0, kvGet, kvPut, kvDel, kvList};
  constexpr jn_secrets kSecrets = {sizeof(jn_secrets), 0, secretGet};
  constexpr jn_metrics kMetrics = {sizeof(jn_metrics), 0, metricsCount, metricsCount};
  return {{JN_JSON_ID, guardedTable(kJson, "the table of junctor.json/1")},
          {JN_CODEC_ID, guardedTable(kCodec, "the table of junctor.codec/1")},
          {JN_CLOCK_ID, guardedTable(kClock, "the table of junctor.clock/1")},
          {JN_LOG_ID, guardedTable(kLog, "the table of junctor.log/1")},
          {JN_CRYPTO_ID, guardedTable(kCrypto, "the table of junctor.crypto/1")},
          {JN_HTTP_ID, guardedTable(kHttp, "the table of junctor.http/1")},
          {JN_KV_ID, guardedTable(kKv, "the table of junctor.kv/1")},
          {JN_SECRETS_ID, guardedTable(kSecrets, "the table of junctor.secrets/1")},
          {JN_METRICS_ID, guardedTable(kMetrics, "the table of junctor.metrics/1")}};
}

}  // namespace

const void* probeInterface(std::string_view id) {
  static const auto tables = makeTables();
  const auto found = tables.find(id);
  return found == tables.end() ? nullptr : found->second;
}

}  // namespace junctor::conformance
