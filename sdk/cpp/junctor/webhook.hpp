// Webhooks and events in the C++ SDK. Part of junctor/connector.hpp.
#ifndef JUNCTOR_WEBHOOK_HPP
#define JUNCTOR_WEBHOOK_HPP

#include <junctor/call.hpp>
#include <optional>

namespace jnc {

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

namespace detail {

inline jn_event raw(const Event& event) {
  jn_event out{};
  out.struct_size = sizeof out;
  out.flags = event.sequence ? JN_EVENT_HAS_SEQUENCE : 0;
  out.type = view(event.type);
  out.id = view(event.id);
  out.resource_type = view(event.resource_type);
  out.resource_id = view(event.resource_id);
  out.actor_json = view(event.actor);
  out.data_json = view(event.data);
  out.payload_json = view(event.payload);
  out.metadata_json = view(event.metadata);
  out.occurred_ms = event.occurred_ms;
  out.sequence = event.sequence.value_or(0);
  return out;
}

}  // namespace detail

class Events {
 public:
  explicit Events(const jn_webhook_sink* sink) : sink_(sink) {}
  void emit(const Event& event) {
    const jn_event out = detail::raw(event);
    detail::check(sink_->event(sink_, &out), "the host refused an event");
  }
  // Answers the sender, if the manifest says "reply_from": "connector": the host calls handle()
  // before it answers and, if there were events, once more to process them. False then: the sender
  // has its answer.
  bool reply(uint32_t status, Text body, Text content_type = "text/plain; charset=utf-8") {
    const jn_kv type = {detail::view("Content-Type"), detail::view(content_type)};
    const jn_reply out = {sizeof out, status, {&type, 1}, detail::view(body)};
    const jn_status answered = sink_->reply(sink_, &out);
    if (answered == JN_E_UNSUPPORTED) return false;
    detail::check(answered, "the host refused the reply");
    return true;
  }

 private:
  const jn_webhook_sink* sink_;
};

}  // namespace jnc

#endif
