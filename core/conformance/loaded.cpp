#include "conformance/loaded.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include <array>

#include "base/files.h"
#include "conformance/crash_report.h"

namespace junctor::conformance {
namespace {

constexpr size_t kFirstPlugin = sizeof(jn_plugin);  // of the first release, as long as it is 1.0
constexpr size_t kFirstConnector = sizeof(jn_connector);
constexpr size_t kFirstWebhook = sizeof(jn_webhook);

constexpr std::array kStatusNames = {
    "JN_OK",          "JN_E_INTERNAL",     "JN_E_INVALID",     "JN_E_UNSUPPORTED",
    "JN_E_SIGNATURE", "JN_E_AUTH",         "JN_E_FORBIDDEN",   "JN_E_NOT_FOUND",
    "JN_E_CONFLICT",  "JN_E_RATE_LIMITED", "JN_E_UNAVAILABLE", "JN_E_DEADLINE",
    "JN_E_CANCELLED", "JN_E_TOO_LARGE",    "JN_E_DENIED"};

std::string_view queryOf(std::string_view url) {
  const size_t mark = url.find('?');
  return mark == std::string_view::npos ? std::string_view() : url.substr(mark + 1);
}

template <class Table>
bool sane(const Table* table, size_t first_release) {
  return !table || table->struct_size >= first_release;
}

Outcome breaches(Outcome outcome) {
  if (auto what = breachOf(Breach::Thrown)) return fail(std::move(*what));
  if (outcome.verdict == Verdict::Fail) return outcome;
  for (const Breach kind : {Breach::Pointer, Breach::Event}) {
    if (auto what = breachOf(kind)) return fail(std::move(*what));
  }
  return outcome;
}

// The unwinder of this process fills its register table when its first exception is raised. A
// connector with an unwinder of its own (-static-libgcc) that lets the very first one out would end
// the process before any catch is reached, and hide what happened.
void wakeUnwinder() {
  try {
    (void)std::string().at(1);
  } catch (...) {
    return;
  }
}

}  // namespace

void enterPhaseOf(const char* phase) {
  enterPhase(phase);
}

Result<Library> loadLibrary(const std::string& path) {
  wakeUnwinder();
  Library out;
  enterPhase("load");
  out.handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  enterPhase("");
  if (!out.handle) {
    const char* cause = dlerror();
    return invalidArgument(cause ? cause : "cannot be loaded");
  }
  out.entry = reinterpret_cast<Entry>(dlsym(out.handle, "junctor_plugin_v1"));
  if (!out.entry) return invalidArgument("does not export junctor_plugin_v1");
  return out;
}

int unload(const Library& library, const std::string& path, bool* still_mapped) {
  enterPhase("dlclose");
  const int result = dlclose(library.handle);
  enterPhase("");
  const auto maps = readFile("/proc/self/maps");
  *still_mapped = maps && maps->find(path) != std::string::npos;
  return result;
}

GuardedRequest::GuardedRequest(const Delivery& delivery) : pool_(std::make_unique<GuardedPool>()) {
  const auto text = [this](std::string_view value, const char* label) {
    return jn_str{pool_->putText(value, label), value.size()};
  };
  std::vector<jn_kv> headers;
  for (const auto& [name, value] : delivery.headers) {
    headers.push_back({text(name, "a header name"), text(value, "a header value")});
  }
  jn_http_in in{};
  in.struct_size = sizeof in;
  in.method = text(delivery.method, "the method");
  in.url = text(delivery.url, "the url");
  in.query = text(queryOf(delivery.url), "the query");
  in.headers = {static_cast<const jn_kv*>(pool_->put(headers.data(), headers.size() * sizeof(jn_kv),
                                                     alignof(jn_kv), "the list of headers")),
                headers.size()};
  in.body = text(delivery.body, "the body");
  in.remote_ip = text("203.0.113.7", "the remote address");
  in.received_ms = delivery.at_ms;
  in_ = pool_->putObject(in, "jn_http_in");
}

Result<std::unique_ptr<Subject>> Subject::open(Session& session, HostShape shape) {
  std::unique_ptr<Subject> out(new Subject(session, std::move(shape)));
  JUNCTOR_TRY(out->library_, loadLibrary(session.path()));
  const jn_status entered = guardThrow("junctor_plugin_v1", [&] {
    out->plugin_ = out->library_.entry(JN_ABI_MINOR);
    return JN_OK;
  });
  const jn_plugin* plugin = out->plugin_;
  if (entered != JN_OK || !plugin) return invalidArgument("its entry refuses this host");
  if (plugin->struct_size < kFirstPlugin || plugin->abi_major != JN_ABI_MAJOR || !plugin->open ||
      !plugin->get_interface) {
    return invalidArgument("its jn_plugin table is not complete (see L8)");
  }
  const jn_status opened =
      guardThrow("open", [&] { return plugin->open(plugin, out->probe_.host()); });
  if (opened != JN_OK) return invalidArgument("its open answers " + statusText(opened));
  out->connector_ = out->interface<jn_connector>(JN_CONNECTOR_ID);
  out->webhook_ = out->interface<jn_webhook>(JN_WEBHOOK_ID);
  if (!out->connector_ || !sane(out->connector_, kFirstConnector) || !out->connector_->create ||
      !out->connector_->destroy) {
    return invalidArgument("does not offer a complete junctor.connector/1");
  }
  if (out->webhook_ && (!sane(out->webhook_, kFirstWebhook) || !out->webhook_->handle)) {
    return invalidArgument("does not offer a complete junctor.webhook/1");
  }
  return out;
}

const void* Subject::interfaceOf(const char* id) const {
  const void* table = nullptr;
  (void)guardThrow("get_interface", [&] {
    table = plugin_->get_interface(plugin_, id);
    return JN_OK;
  });
  return table;
}

Created Subject::create(std::string_view settings, const CallSetup& setup) {
  CallSetup with = setup;
  with.body = settings;
  Created out;
  ProbeCall call(with);
  auto pool = std::make_unique<GuardedPool>();  // guards the settings as well
  const jn_str text{pool->putText(settings, "the settings"), settings.size()};
  const jn_str* guarded = pool->putObject(text, "the view of the settings");
  out.status =
      guardThrow("create", [&] { return connector_->create(call.raw(), guarded, &out.instance); });
  out.failed = call.failed();
  out.stats = call.stats();
  bury(std::move(pool));
  return out;
}

jn_instance* Subject::instance() {
  const Created made = create(session_.fixtures().settings);
  return made.status == JN_OK ? made.instance : nullptr;
}

void Subject::destroy(jn_instance* instance) {
  (void)guardThrow("destroy", [&] {
    connector_->destroy(instance);
    return JN_OK;
  });
}

Handled Subject::handle(jn_instance* instance, const GuardedRequest& request,
                        const HandleHow& how) {
  EventSink sink(how.refuse_from, how.refusal);
  CallSetup setup;
  setup.fault = how.fault;
  setup.guarded = how.guarded;
  setup.body = request.body();
  ProbeCall call(setup);
  Handled out;
  out.status = guardThrow("handle", [&] {
    return webhook_->handle(call.raw(), instance, request.raw(), sink.webhook());
  });
  out.events = sink.events();
  out.failed = call.failed();
  out.offered = sink.offered();
  out.refused = sink.refused();
  out.stats = call.stats();
  return out;
}

Verified Subject::verify(jn_instance* instance, const GuardedRequest& request,
                         const VerifyHow& how) {
  World world;
  world.secrets = how.named;
  CallSetup setup;
  setup.now_ms = how.now_ms;
  setup.body = request.body();
  setup.secrets = &how.secrets;
  setup.world = &world;
  ProbeCall call(setup);
  Verified out;
  out.status =
      guardThrow("verify", [&] { return webhook_->verify(call.raw(), instance, request.raw()); });
  out.failed = call.failed();
  return out;
}

void Subject::close() {
  if (!plugin_->close) return;
  (void)guardThrow("close", [&] {
    plugin_->close(plugin_);
    return JN_OK;
  });
}

const char* statusName(jn_status status) {
  return knownStatus(status) ? kStatusNames[static_cast<size_t>(-status)] : "?";
}
std::string statusText(jn_status status) {
  return knownStatus(status) ? statusName(status) : fmt::format("{}, which is no status", status);
}
bool knownStatus(jn_status status) {
  return status <= 0 && static_cast<size_t>(-int64_t{status}) < kStatusNames.size();
}

Outcome withSubject(Session& session, const std::function<Outcome(Subject&)>& check) {
  auto subject = Subject::open(session);
  if (!subject) return skip("it cannot be opened: " + subject.error().message);
  return breaches(check(**subject));
}

Outcome withInstance(Session& session,
                     const std::function<Outcome(Subject&, jn_instance*)>& check) {
  return withSubject(session, [&](Subject& subject) {
    if (!subject.webhook()) return skip("it does not offer junctor.webhook/1");
    jn_instance* instance = subject.instance();
    if (!instance) return skip("it makes no instance with the fixtures' settings (see C2)");
    Outcome outcome = check(subject, instance);
    subject.destroy(instance);
    return outcome;
  });
}

Outcome eachFixture(Subject& subject,
                    const std::function<Outcome(const Fixture&, const GuardedRequest&)>& check) {
  const Fixtures& fixtures = subject.session().fixtures();
  if (fixtures.list.empty()) return skip("there are no fixtures (see W1)");
  Outcome last = pass();
  for (const Fixture& fixture : fixtures.list) {
    const auto delivery = fixture.deliver();
    if (!delivery) return fail(fixture.name + ": " + delivery.error().message);
    last = check(fixture, GuardedRequest(*delivery));
    if (last.verdict != Verdict::Pass) {
      last.message = fixture.name + ": " + last.message;
      return last;
    }
  }
  return last;
}

}  // namespace junctor::conformance
