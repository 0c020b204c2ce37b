// Connectors that run in this process.
#include "plugin/connector.h"

#include <fmt/core.h>

#include <type_traits>

#include "base/limits.h"
#include "plugin/call_context.h"
#include "plugin/event_collector.h"
#include "plugin/library.h"
#include "plugin/loaded_connector.h"

namespace junctor::plugin {
namespace {

// Runs connector code that promises not to throw, and does not trust the promise.
template <class Call>
jn_status guarded(CallContext& context, Call&& call) {
  try {
    return call();
  } catch (...) {
    jn_error error{};
    error.struct_size = sizeof error;
    error.status = JN_E_INTERNAL;
    error.message = viewOf("threw an exception");
    context.fail(error);
    return JN_E_INTERNAL;
  }
}

std::string_view queryOf(std::string_view url) {
  const size_t mark = url.find('?');
  if (mark == std::string_view::npos) return {};
  const std::string_view query = url.substr(mark + 1);
  return query.substr(0, query.find('#'));
}

class LoadedInstance final : public Instance {
 public:
  LoadedInstance(std::shared_ptr<const LoadedConnector> connector, const Integration& integration,
                 jn_instance* instance)
      : connector_(std::move(connector)),
        tenant_(integration.tenant),
        integration_(integration.id),
        instance_(instance) {}
  ~LoadedInstance() override {
    try {
      connector_->library().connector->destroy(instance_);
    } catch (...) {
      // A destructor of the connector that throws has still ended the instance.
    }
  }
  LoadedInstance(const LoadedInstance&) = delete;
  LoadedInstance& operator=(const LoadedInstance&) = delete;

  Result<HandleResult> handle(const RawRequest& request, JsonView body) override {
    const CallTarget target{connector_->manifest().id, tenant_, integration_, request.body, body};
    CallContext& context = CallContext::begin(target, connector_->clock(), JN_CALL_NO_IO);
    jn_http_in input{};
    if (!describe(request, context, input)) {
      return invalidArgument(connector_->manifest().id + ": too many headers");
    }
    EventCollector events(context);
    const jn_status status = guarded(context, [&] {
      return connector_->library().webhook->handle(context.call(), instance_, &input,
                                                   events.sink());
    });
    return std::move(events).finish(status);
  }

 private:
  bool describe(const RawRequest& request, CallContext& context, jn_http_in& out) const {
    const size_t count = request.headers.size();
    auto* items = static_cast<jn_kv*>(context.allocate(count * sizeof(jn_kv), alignof(jn_kv)));
    if (!items) return false;
    for (size_t i = 0; i < count; ++i) {
      items[i] = {viewOf(request.headers[i].first), viewOf(request.headers[i].second)};
    }
    out.struct_size = sizeof out;
    out.method = viewOf(request.method);
    out.url = viewOf(request.url);
    out.query = viewOf(queryOf(request.url));
    out.headers = {items, count};
    out.body = viewOf(request.body);
    out.remote_ip = viewOf(request.remote_ip);
    out.received_ms = request.received_at_ms;
    return true;
  }

  std::shared_ptr<const LoadedConnector> connector_;
  std::string tenant_, integration_;
  jn_instance* instance_;
};

}  // namespace

Result<std::unique_ptr<Instance>> LoadedConnector::create(const Integration& integration) {
  // A wrong delivery key would silently let duplicates through: refuse it with the rest.
  JUNCTOR_CHECK(effectiveDeliveryKey(manifest_, integration.settings_json));
  const CallTarget target{manifest_.id, integration.tenant, integration.id,
                          integration.settings_json, JsonView()};
  CallContext& context = CallContext::begin(target, clock_, JN_CALL_NO_IO);
  const jn_str settings = viewOf(integration.settings_json);
  jn_instance* made = nullptr;
  const jn_status status = guarded(
      context, [&] { return library_.connector->create(context.call(), &settings, &made); });
  if (status != JN_OK) return context.errorOf(status);
  if (!made) return internalError(manifest_.id + ": create gave no instance");
  return std::unique_ptr<Instance>(
      std::make_unique<LoadedInstance>(shared_from_this(), integration, made));
}

}  // namespace junctor::plugin
