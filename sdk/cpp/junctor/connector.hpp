// The C++ SDK: one header over the C ABI (C++17 or later). A connector is a class:
//
//   class Acme : public jn::Connector {
//    public:
//     Acme(const jn::Call& call, jn::Json settings);            // throws jn::Failure
//     void handle(const jn::Call& call, const jn::Request& request, jn::Events& events) override {
//       const jn::Json body = request.json(call);
//       jn::Event event;
//       event.type = body["type"].text();
//       event.id = body["id"].text();
//       events.emit(event);
//     }
//   };
//   JUNCTOR_CONNECTOR(Acme)
//
// Every call from the host passes an exception barrier: jn::Failure becomes its status and message,
// anything else JN_E_INTERNAL. All texts (std::string_view) given by this SDK live until the call
// ends, and nothing needs freeing. An absent Json may be asked anything; it answers empty.
#ifndef JUNCTOR_CONNECTOR_HPP
#define JUNCTOR_CONNECTOR_HPP

#include <junctor/junctor.h>

#include <charconv>
#include <cstring>
#include <initializer_list>
#include <junctor/json.hpp>
#include <memory>
#include <optional>

namespace jn {

// Decoded form fields, in order.
class Form {
 public:
  explicit Form(jn_map fields) : fields_(fields) {}
  size_t size() const { return fields_.len; }
  Text operator[](Text name) const {
    for (const jn_kv& field : *this) {
      if (detail::text(field.key) == name) return detail::text(field.val);
    }
    return {};
  }
  const jn_kv* begin() const { return fields_.items; }
  const jn_kv* end() const { return fields_.items + fields_.len; }

 private:
  jn_map fields_;
};

// One call of the host. Everything it gives lives until the call ends.
class Call {
 public:
  explicit Call(const jn_call* call) : call_(call) {}
  const jn_call* raw() const { return call_; }
  Text tenant() const { return detail::text(call_->tenant); }
  Text integration() const { return detail::text(call_->connection_id); }
  int64_t nowMs() const { return detail::host().clock->unix_ms(call_); }

  // Throws JN_E_INVALID if it is not JSON.
  Json parse(Text text) const {
    const jn_str source = detail::view(text);
    jn_json_node node{};
    detail::check(detail::host().json->parse(call_, &source, &node), "the body is not valid JSON");
    return {call_, node};
  }
  Form form(Text text) const {
    const jn_str source = detail::view(text);
    jn_map fields{};
    detail::check(detail::host().codec->form(call_, &source, &fields),
                  "the body is not a valid form");
    return Form(fields);
  }
  // The decoded fields as one JSON object of strings; repeated names become arrays.
  Text formAsJson(const Form& form) const;

  // "" joined with nothing, e.g. join({name, ".", action}).
  Text join(std::initializer_list<Text> parts) const {
    size_t size = 0;
    for (const Text part : parts) size += part.size();
    char* bytes = allocate(size);
    char* at = bytes;
    for (const Text part : parts) {
      if (!part.empty()) std::memcpy(at, part.data(), part.size());
      at += part.size();
    }
    return {bytes, size};
  }
  Text number(int64_t value) const {
    char digits[24];
    const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return join({Text(digits, static_cast<size_t>(end - digits))});
  }
  // RFC 3339 text as Unix milliseconds; 0 if it is no time.
  int64_t time(Text text) const {
    const jn_str source = detail::view(text);
    int64_t unix_ms = 0;
    return detail::host().clock->parse(call_, &source, &unix_ms) == JN_OK ? unix_ms : 0;
  }
  // Hex SHA-256, for keys derived from content.
  Text sha256Hex(Text bytes) const {
    const jn_str source = detail::view(bytes);
    jn_str digest{}, hex{};
    detail::check(detail::host().codec->digest(call_, JN_DIGEST_SHA256, &source, &digest),
                  "digest");
    detail::check(detail::host().codec->encode(call_, JN_CODEC_HEX, &digest, &hex), "hex");
    return detail::text(hex);
  }
  void log(uint32_t level, Text message) const {
    const jn_str line = detail::view(message);
    detail::host().log->write(call_, level, &line, nullptr);
  }

  // {"key": value, …} written by `fill`, or "" if it wrote no member.
  template <class Fill>
  Text object(Fill&& fill) const {
    Writer writer(call_);
    writer.object();
    fill(writer);
    writer.close();
    const Text text = writer.end();
    return text.size() > 2 ? text : Text();
  }

  char* allocate(size_t size) const {
    auto* bytes = static_cast<char*>(call_->alloc(call_, size, 1));
    if (!bytes) throw Failure(JN_E_TOO_LARGE, "the call's memory is used up");
    return bytes;
  }

 private:
  const jn_call* call_;
};

inline Text Json::text() const {
  if (!present()) return {};
  jn_str out{};
  if (detail::host().json->as_str(&node_, &out)) return detail::text(out);
  if (const auto value = integer()) return Call(call_).number(*value);
  return isScalar() ? dump() : Text();
}

inline Text Call::formAsJson(const Form& form) const {
  Writer writer(call_);
  writer.object();
  for (const jn_kv& field : form) {
    const Text name = detail::text(field.key);
    bool first = true, repeated = false;
    for (const jn_kv& other : form) {
      if (detail::text(other.key) != name) continue;
      if (&other < &field) first = false;
      if (&other != &field) repeated = true;
    }
    if (!first) continue;
    writer.key(name);
    if (repeated) writer.array();
    for (const jn_kv& other : form) {
      if (detail::text(other.key) == name) writer.value(detail::text(other.val));
    }
    if (repeated) writer.close();
  }
  return writer.close().end();
}

// The request as received.
class Request {
 public:
  explicit Request(const jn_http_in* in) : in_(in) {}
  Text method() const { return detail::text(in_->method); }
  Text url() const { return detail::text(in_->url); }
  Text query() const { return detail::text(in_->query); }
  Text body() const { return detail::text(in_->body); }
  int64_t receivedMs() const { return in_->received_ms; }
  // First of that name, any case; "" if absent.
  Text header(Text name) const {
    for (size_t i = 0; i < in_->headers.len; ++i) {
      const jn_kv& header = in_->headers.items[i];
      if (equalsIgnoreCase(detail::text(header.key), name)) return detail::text(header.val);
    }
    return {};
  }
  bool isForm() const {
    constexpr Text kForm = "application/x-www-form-urlencoded";
    return equalsIgnoreCase(header("Content-Type").substr(0, kForm.size()), kForm);
  }
  // The body, parsed once however often it is asked for. Throws JN_E_INVALID.
  Json json(const Call& call) const { return call.parse(body()); }

 private:
  const jn_http_in* in_;
};

// What a connector makes of a request; see jn_event. Views that must live until emit() returns.
struct Event {
  Text type;
  Text id;
  Text resource_type, resource_id;
  Text actor, data, payload, metadata;  // JSON text
  int64_t occurred_ms = 0;
  std::optional<int64_t> sequence;
};

class Events {
 public:
  explicit Events(const jn_webhook_sink* sink) : sink_(sink) {}
  void emit(const Event& event) {
    jn_event out{};
    out.struct_size = sizeof out;
    out.flags = event.sequence ? JN_EVENT_HAS_SEQUENCE : 0;
    out.type = detail::view(event.type);
    out.id = detail::view(event.id);
    out.resource_type = detail::view(event.resource_type);
    out.resource_id = detail::view(event.resource_id);
    out.actor_json = detail::view(event.actor);
    out.data_json = detail::view(event.data);
    out.payload_json = detail::view(event.payload);
    out.metadata_json = detail::view(event.metadata);
    out.occurred_ms = event.occurred_ms;
    out.sequence = event.sequence.value_or(0);
    detail::check(sink_->event(sink_, &out), "the host refused an event");
  }

 private:
  const jn_webhook_sink* sink_;
};

// One configured use of a connector. Calls on one object never overlap.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual void handle(const Call& call, const Request& request, Events& events) = 0;
};

namespace detail {

template <class T>
struct Tables {
  static jn_status create(const jn_call* call, const jn_str* config, jn_instance** out) noexcept {
    return barrier(call, [&] {
      const Call wrapped(call);
      std::unique_ptr<Connector> made = std::make_unique<T>(wrapped, wrapped.parse(text(*config)));
      *out = reinterpret_cast<jn_instance*>(made.release());
    });
  }
  static void destroy(jn_instance* instance) noexcept {
    delete reinterpret_cast<Connector*>(instance);
  }
  static jn_status handle(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                          const jn_webhook_sink* sink) noexcept {
    return barrier(call, [&] {
      Events events(sink);
      reinterpret_cast<Connector*>(instance)->handle(Call(call), Request(request), events);
    });
  }

  static jn_status open(const jn_plugin*, const jn_host* from) noexcept {
    Host& to = host();
    to.fetchAll(from);
    return to.json && to.codec && to.clock && to.log ? JN_OK : JN_E_UNSUPPORTED;
  }
  static void close(const jn_plugin*) noexcept { host() = Host(); }
  static const void* interfaceOf(const jn_plugin*, const char* id) noexcept {
    static constexpr jn_connector kConnector = {sizeof(jn_connector), 0, create, destroy, nullptr};
    static constexpr jn_webhook kWebhook = {sizeof(jn_webhook), 0, nullptr, handle};
    if (!id) return nullptr;
    if (Text(id) == JN_CONNECTOR_ID) return &kConnector;
    if (Text(id) == JN_WEBHOOK_ID) return &kWebhook;
    return nullptr;
  }
  static const jn_plugin* plugin(Text id, Text version) noexcept {
    static const jn_plugin kPlugin = {sizeof(jn_plugin), JN_ABI_MAJOR, 0,     0,          view(id),
                                      view(version),     open,         close, interfaceOf};
    return &kPlugin;
  }
};

}  // namespace detail
}  // namespace jn

// Exports `Class` as the connector of this library. Id and version come from manifest.json through
// junctor_add_connector().
#define JUNCTOR_CONNECTOR(Class)                                                               \
  extern "C" const jn_plugin* junctor_plugin_v1(uint32_t) {                                    \
    return jn::detail::Tables<Class>::plugin(JUNCTOR_CONNECTOR_ID, JUNCTOR_CONNECTOR_VERSION); \
  }

#endif
