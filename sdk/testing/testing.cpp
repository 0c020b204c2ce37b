// The C face of the test host. Nothing is thrown to C: a test that is wrong ends in a message.
#include <junctor/testing.h>

#include <cstdio>
#include <junctor/testing.hpp>
#include <junctor/testing/curl.hpp>
#include <optional>

struct jnt_host {
  jnc::testing::Host host;
  std::optional<jnc::testing::Instance> instance;
  jnc::testing::Outcome outcome;
  std::string text;
};

namespace {

// What `body` returns; `otherwise`, with the message, if it throws.
template <class Body, class Result>
Result guarded(jnt_host* host, Result otherwise, Body&& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    host->outcome = {};
    host->outcome.message = error.what();
    host->outcome.status = JN_E_INTERNAL;
    return otherwise;
  }
}

const jnc::testing::Event* eventOf(const jnt_host* host, size_t n) {
  return n < host->outcome.events.size() ? &host->outcome.events[n] : nullptr;
}

jn_status handle(jnt_host* host, const std::string& body) {
  if (!host->instance) throw std::runtime_error("jnt_create comes first");
  host->outcome = host->instance->handle(body);
  return host->outcome.status;
}

}  // namespace

jnt_host* jnt_open(const jn_plugin* plugin) {
  auto* made = new jnt_host;
  const jn_status status =
      guarded(made, jn_status{JN_E_INTERNAL}, [&] { return made->host.open(plugin); });
  if (status == JN_OK) return made;
  std::fprintf(stderr, "jnt_open: status %d %s\n", status, made->outcome.message.c_str());
  delete made;
  return nullptr;
}

void jnt_close(jnt_host* host) {
  if (host) host->instance.reset();
  delete host;
}

void jnt_set_now(jnt_host* host, int64_t unix_ms) {
  host->host.now_ms = unix_ms;
}
void jnt_fail_allocation_at(jnt_host* host, size_t n) {
  host->host.fail_allocation_at = n;
}
void jnt_cancel_at(jnt_host* host, size_t n) {
  host->host.cancel_at = n;
}

jn_status jnt_create(jnt_host* host, const char* settings_json) {
  return guarded(host, jn_status{JN_E_INTERNAL}, [&] {
    host->instance.reset();
    jn_instance* made = nullptr;
    host->outcome = host->host.tryCreate(settings_json, &made);
    if (host->outcome.ok()) host->instance.emplace(host->host, made);
    return host->outcome.status;
  });
}

jn_status jnt_handle(jnt_host* host, const char* body, size_t len) {
  return guarded(host, jn_status{JN_E_INTERNAL}, [&] { return handle(host, {body, len}); });
}

jn_status jnt_handle_file(jnt_host* host, const char* file) {
  return guarded(host, jn_status{JN_E_INTERNAL},
                 [&] { return handle(host, jnc::testing::Host::fixture(file)); });
}

jn_status jnt_execute(jnt_host* host, const char* action, const char* params_json, uint32_t flags) {
  return guarded(host, jn_status{JN_E_INTERNAL}, [&] {
    if (!host->instance) throw std::runtime_error("jnt_create comes first");
    host->outcome = host->instance->execute(action, params_json, flags);
    return host->outcome.status;
  });
}

int jnt_replay(jnt_host* host, const char* file) {
  return guarded(host, 0, [&] {
    host->host.replay(file);
    return 1;
  });
}

void jnt_record(jnt_host* host, const char* file, const char* credential, const char* header) {
  host->host.record(file, {{credential, header}}, jnc::testing::curlTransport());
}

int jnt_finish_recording(jnt_host* host) {
  return guarded(host, 0, [&] {
    host->host.finishRecording();
    return 1;
  });
}

const char* jnt_http_problem(jnt_host* host) {
  host->text = host->host.httpProblem();
  return host->text.c_str();
}

const char* jnt_message(const jnt_host* host) {
  return host->outcome.message.c_str();
}
uint64_t jnt_retry_after_ms(const jnt_host* host) {
  return host->outcome.retry_after_ms;
}
size_t jnt_event_count(const jnt_host* host) {
  return host->outcome.events.size();
}

const char* jnt_event_text(const jnt_host* host, size_t n, const char* member) {
  using jnc::testing::Event;
  static constexpr std::pair<const char*, std::string Event::*> kMembers[] = {
      {"type", &Event::type},
      {"id", &Event::id},
      {"resource_type", &Event::resource_type},
      {"resource_id", &Event::resource_id},
      {"actor", &Event::actor},
      {"data", &Event::data},
      {"payload", &Event::payload},
      {"metadata", &Event::metadata}};
  const Event* event = eventOf(host, n);
  for (const auto& [name, where] : kMembers) {
    if (event && std::string(member) == name) return (event->*where).c_str();
  }
  return "";
}

int64_t jnt_event_occurred_ms(const jnt_host* host, size_t n) {
  const auto* event = eventOf(host, n);
  return event ? event->occurred_ms : 0;
}
const char* jnt_result(const jnt_host* host) {
  return host->outcome.result.c_str();
}
