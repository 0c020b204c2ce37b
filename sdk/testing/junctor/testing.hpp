// A host for unit tests of connectors (C++17): no server, no network, no clock of its own.
//
//   jnc::testing::Host host;
//   host.open(junctor_plugin_v1(JN_ABI_MINOR));
//   auto acme = host.create(R"({"test": true})");
//   auto outcome = acme.handle(host.fixture("fixtures/order.paid.json"));
//   assert(outcome.ok() && outcome.events[0].type == "order.paid");
//
// Actions go against recorded HTTP: host.replay("recordings/create.json"), and once, with
// host.record(...) and a credential, against the provider; see recording.hpp.
// Every input is an exact copy without a byte behind it, and is wiped when the call ends: run tests
// under -fsanitize=address and a view that is kept or read too far is found.
// Throws std::runtime_error when the test itself is wrong. One thread.
#ifndef JUNCTOR_TESTING_HPP
#define JUNCTOR_TESTING_HPP

#include <junctor/junctor.h>

#include <fstream>
#include <functional>
#include <junctor/testing/call.hpp>
#include <junctor/testing/recording.hpp>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace jnc::testing {

class Instance;

// Sends one request for real; the credential's header is among its headers. Only for recording;
// testing/curl.hpp has one.
using Transport = std::function<HttpExchange::Response(const HttpExchange::Request&)>;

class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  // -- the connector
  // Opens it as a host does; returns the status of its open. Not offered: interfaces in `without`.
  jn_status open(const jn_plugin* plugin, std::set<std::string> without = {});
  // Throws with the connector's message if it refuses the settings.
  Instance create(const std::string& settings_json = "{}");
  Outcome tryCreate(const std::string& settings_json, jn_instance** out);
  static std::string fixture(const std::string& file);

  // -- the world
  int64_t now_ms = 1'763'700'000'000;
  std::vector<std::string> log;                // "warn: text"
  std::map<std::string, std::string> secrets;  // junctor.secrets/1
  std::vector<std::string> webhook_secrets;    // junctor.crypto/1 verify_mac, HMAC-SHA256
  struct Stored {
    std::string value;
    uint64_t version = 0;
    int64_t expires_ms = 0;  // 0 = never
  };
  std::map<std::string, Stored> kv;          // junctor.kv/1
  std::map<std::string, uint64_t> counters;  // junctor.metrics/1

  // -- recorded HTTP
  // From now on requests must be those of the recording, in its order.
  void replay(const std::string& file);
  // From now on requests go out; finishRecording() writes them. `credentials`: name in the manifest
  // -> header ("Authorization: Bearer …"), added to what goes out and never written down.
  void record(const std::string& file, std::map<std::string, std::string> credentials,
              Transport transport);
  void finishRecording();
  // What is wrong with the replay so far: "" if every request was as recorded and all were made.
  std::string httpProblem() const;
  jn_status send(Call& call, const jn_http_request& request, jn_http_response* response);

  // -- faults, for the next calls; 0 = none
  size_t fail_allocation_at = 0;  // the n-th alloc of a call gives NULL
  size_t cancel_at = 0;           // from the n-th host service of a call on: JN_E_CANCELLED
  jn_status sink_status = JN_OK;  // what sinks answer

  const jn_plugin* plugin() const { return plugin_; }
  template <class Table>
  const Table* table(const char* id) const {
    return static_cast<const Table*>(plugin_->get_interface(plugin_, id));
  }
  const void* service(const std::string& id) const;

 private:
  const jn_plugin* plugin_ = nullptr;
  jn_host face_{};
  std::set<std::string> without_;
  std::vector<HttpExchange> exchanges_;
  size_t next_ = 0;
  bool replaying_ = false;
  std::string problem_, recording_file_;
  std::map<std::string, std::string> credentials_;
  Transport transport_;
};

// One configured use of the connector.
class Instance {
 public:
  Instance(Host& host, jn_instance* instance) : host_(&host), instance_(instance) {}
  Instance(Instance&& other) noexcept
      : host_(other.host_), instance_(std::exchange(other.instance_, nullptr)) {}
  Instance& operator=(Instance&&) = delete;
  ~Instance();

  Outcome handle(const std::string& body,
                 const HeaderList& headers = {{"Content-Type", "application/json"}});
  Outcome execute(const std::string& action, const std::string& params_json, uint32_t flags = 0,
                  const std::string& idempotency_key = "");
  jn_instance* raw() const { return instance_; }

 private:
  Host* host_;
  jn_instance* instance_;
};

}  // namespace jnc::testing

#include <junctor/testing/services.hpp>

namespace jnc::testing {

inline Call::Call(Host& host, uint32_t flags) : host_(host) {
  raw_.struct_size = sizeof raw_;
  raw_.flags = flags;
  raw_.ctx = this;
  raw_.tenant = {"test", 4};
  raw_.connection_id = {"test-1", 6};
  raw_.alloc = [](const jn_call* call, size_t size, size_t align) {
    return of(call).allocate(size, align);
  };
  raw_.cancelled = [](const jn_call* call) -> int32_t { return of(call).cancelled(); };
  raw_.fail = [](const jn_call* call, const jn_error* error) {
    Outcome& to = of(call).outcome;
    to.message = textOf(error->message);
    to.code = textOf(error->code);
    to.http_status = error->http_status;
    to.retry_after_ms = error->retry_after_ms;
    return error->status < 0 ? error->status : JN_E_INTERNAL;
  };
}

inline void* Call::allocate(size_t size, size_t align) {
  const bool fault = host_.fail_allocation_at && ++allocations_ == host_.fail_allocation_at;
  if (fault || align == 0 || (align & (align - 1)) ||
      size + align > kArenaBytesMax - arena_bytes_) {
    return nullptr;
  }
  arena_bytes_ += size + align;
  auto& block = arena_.emplace_back(new char[size + align]);
  const auto address = reinterpret_cast<uintptr_t>(block.get());
  return block.get() + (align - address % align) % align;
}

inline jn_status Call::keep(const std::string& text, jn_str* out) {
  *out = {nullptr, 0};
  auto* bytes = static_cast<char*>(allocate(text.size(), 1));
  if (!bytes) return JN_E_TOO_LARGE;
  std::memcpy(bytes, text.data(), text.size());
  *out = {bytes, text.size()};
  return JN_OK;
}

inline jn_status Call::keepMap(const std::vector<std::pair<std::string, std::string>>& pairs,
                               jn_map* out) {
  *out = {nullptr, 0};
  auto* items = static_cast<jn_kv*>(allocate(pairs.size() * sizeof(jn_kv) + 1, alignof(jn_kv)));
  if (!items) return JN_E_TOO_LARGE;
  for (size_t i = 0; i < pairs.size(); ++i) {
    jn_kv item{};
    if (keep(pairs[i].first, &item.key) || keep(pairs[i].second, &item.val)) return JN_E_TOO_LARGE;
    items[i] = item;
  }
  *out = {items, pairs.size()};
  return JN_OK;
}

inline bool Call::cancelled() {
  return host_.cancel_at && looks_ >= host_.cancel_at;
}

inline jn_status Call::gate(bool needs_network) {
  ++looks_;
  if (cancelled()) return JN_E_CANCELLED;
  return needs_network && (raw_.flags & JN_CALL_NO_IO) ? JN_E_DENIED : JN_OK;
}

inline jn_status Call::parse(const std::string& text, jn_json_node* out) {
  *out = {};
  if (const jn_status over = gate(); over != JN_OK) return over;
  if (documents_.size() >= kDocumentsMax) return JN_E_TOO_LARGE;
  auto value = Parser::parse(text);
  if (!value) return JN_E_INVALID;
  *out = services::nodeOf(&documents_.emplace_back(std::move(*value)));
  return JN_OK;
}

inline jn_json_writer* Call::openWriter() {
  size_t open = 0;
  for (const OpenWriter& each : writers_) open += each.writer.in_use;
  if (open >= kWritersMax || cancelled()) return nullptr;
  OpenWriter& made = writers_.emplace_back();
  made.writer.in_use = true;
  made.call = this;
  return reinterpret_cast<jn_json_writer*>(&made);
}

inline Host::~Host() {
  if (plugin_ && plugin_->close) plugin_->close(plugin_);
}

inline jn_status Host::open(const jn_plugin* plugin, std::set<std::string> without) {
  if (!plugin) throw std::runtime_error("the connector refuses this host");
  without_ = std::move(without);
  face_ = {sizeof face_,
           JN_ABI_MAJOR,
           JN_ABI_MINOR,
           0,
           this,
           [](const jn_host* host, const char* id) {
             return static_cast<const Host*>(host->ctx)->service(id ? id : "");
           },
           [](const jn_host* host, uint32_t level, const char* text, size_t len) {
             static_cast<Host*>(host->ctx)->log.push_back(services::levelName(level) + ": " +
                                                          std::string(text, len));
           }};
  const jn_status status = plugin->open(plugin, &face_);
  if (status == JN_OK) plugin_ = plugin;
  return status;
}

inline const void* Host::service(const std::string& id) const {
  return without_.count(id) ? nullptr : services::tableOf(id);
}

inline Outcome Host::tryCreate(const std::string& settings_json, jn_instance** out) {
  Call call(*this, JN_CALL_NO_IO);
  const Exact settings(settings_json);
  const jn_str view = settings.view();
  *out = nullptr;
  call.outcome.status = table<jn_connector>(JN_CONNECTOR_ID)->create(call.raw(), &view, out);
  return call.outcome;
}

inline Instance Host::create(const std::string& settings_json) {
  jn_instance* made = nullptr;
  const Outcome outcome = tryCreate(settings_json, &made);
  if (!outcome.ok()) throw std::runtime_error("create: " + outcome.message);
  return {*this, made};
}

inline std::string Host::fixture(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file + " cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void Host::replay(const std::string& file) {
  exchanges_ = readRecording(fixture(file));
  next_ = 0;
  problem_.clear();
  replaying_ = true;
}

inline void Host::record(const std::string& file, std::map<std::string, std::string> credentials,
                         Transport transport) {
  recording_file_ = file;
  credentials_ = std::move(credentials);
  transport_ = std::move(transport);
  exchanges_.clear();
  replaying_ = false;
}

inline void Host::finishRecording() {
  std::vector<std::string> hidden;
  for (const auto& [name, header] : credentials_) {
    const size_t colon = header.find(": ");
    if (colon == header.npos) throw std::runtime_error("a credential is a header: \"Name: value\"");
    const std::string value = header.substr(colon + 2);
    hidden.push_back(value);
    // "Bearer abc": the word alone may come back in an answer.
    if (const size_t blank = value.rfind(' '); blank != value.npos) {
      hidden.push_back(value.substr(blank + 1));
    }
  }
  for (HttpExchange& exchange : exchanges_) redact(exchange, hidden);
  std::ofstream out(recording_file_, std::ios::binary);
  out << writeRecording(exchanges_);
  if (!out.flush()) throw std::runtime_error(recording_file_ + " cannot be written");
  transport_ = nullptr;
}

inline std::string Host::httpProblem() const {
  if (!problem_.empty() || !replaying_ || next_ == exchanges_.size()) return problem_;
  return std::to_string(exchanges_.size() - next_) + " recorded requests were not made, first " +
         exchanges_[next_].request.method + " " + exchanges_[next_].request.url;
}

inline jn_status Host::send(Call& call, const jn_http_request& request,
                            jn_http_response* response) {
  HttpExchange exchange;
  exchange.request = {textOf(request.method),
                      textOf(request.url),
                      textOf(request.body),
                      textOf(request.credential),
                      textOf(request.idempotency_key),
                      services::listOf(request.headers)};
  for (const auto& [name, value] : exchange.request.headers) {
    if (recording::isSensitive(name)) {
      problem_ = "the connector sets " + name + " itself: name a credential instead";
      return JN_E_INVALID;
    }
  }
  if (transport_) {
    HttpExchange::Request out = exchange.request;
    const auto found = credentials_.find(out.credential);
    if (!out.credential.empty() && found == credentials_.end()) return JN_E_AUTH;
    if (found != credentials_.end()) {
      const size_t colon = found->second.find(": ");
      out.headers.emplace_back(found->second.substr(0, colon), found->second.substr(colon + 2));
    }
    if (!out.idempotency_key.empty()) {
      out.headers.emplace_back("Idempotency-Key", out.idempotency_key);
    }
    exchange.response = transport_(out);
    exchanges_.push_back(exchange);
  } else {
    if (next_ >= exchanges_.size()) {
      problem_ = "request " + std::to_string(next_ + 1) +
                 " is not in the recording: " + exchange.request.method + " " +
                 exchange.request.url;
      return JN_E_UNAVAILABLE;
    }
    const HttpExchange& recorded = exchanges_[next_++];
    if (const auto differs = difference(exchange.request, recorded.request); !differs.empty()) {
      if (problem_.empty()) problem_ = "request " + std::to_string(next_) + ": " + differs;
      return JN_E_UNAVAILABLE;
    }
    exchange.response = recorded.response;
  }
  response->status = exchange.response.status;
  if (call.keepMap(exchange.response.headers, &response->headers)) return JN_E_TOO_LARGE;
  for (const auto& [name, value] : exchange.response.headers) {
    if (recording::lower(name) == "retry-after") {
      response->retry_after_ms = std::strtoull(value.c_str(), nullptr, 10) * 1000;
    }
  }
  return call.keep(exchange.response.body, &response->body);
}

inline Instance::~Instance() {
  if (instance_) host_->table<jn_connector>(JN_CONNECTOR_ID)->destroy(instance_);
}

inline Outcome Instance::handle(const std::string& body, const HeaderList& headers) {
  Call call(*host_, JN_CALL_NO_IO);
  const Exact bytes(body), method("POST"), url("https://hooks.example/v1/webhooks/incoming/test-1");
  std::vector<Exact> texts;
  std::vector<jn_kv> items;
  texts.reserve(headers.size() * 2);
  for (const auto& [name, value] : headers) {
    const jn_str key = texts.emplace_back(name).view();
    items.push_back({key, texts.emplace_back(value).view()});
  }
  jn_http_in request{};
  request.struct_size = sizeof request;
  request.method = method.view();
  request.url = url.view();
  request.headers = {items.data(), items.size()};
  request.body = bytes.view();
  request.received_ms = host_->now_ms;
  const jn_webhook_sink sink = services::webhookSink(call);
  call.outcome.status =
      host_->table<jn_webhook>(JN_WEBHOOK_ID)->handle(call.raw(), instance_, &request, &sink);
  if (call.outcome.ok()) call.outcome.status = call.refused;
  if (!call.outcome.ok()) call.outcome.events.clear();
  return call.outcome;
}

inline Outcome Instance::execute(const std::string& action, const std::string& params_json,
                                 uint32_t flags, const std::string& idempotency_key) {
  Call call(*host_, flags);
  const Exact name(action), params(params_json), key(idempotency_key);
  jn_action request{};
  request.struct_size = sizeof request;
  request.name = name.view();
  request.params_json = params.view();
  request.idempotency_key = key.view();
  const jn_action_sink sink = services::actionSink(call);
  const auto* actions = host_->table<jn_actions>(JN_ACTIONS_ID);
  if (!actions) throw std::runtime_error("the connector offers no actions");
  call.outcome.status = actions->execute(call.raw(), instance_, &request, &sink);
  return call.outcome;
}

}  // namespace jnc::testing

#endif
