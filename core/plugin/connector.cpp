// Connectors that run in this process.
#include "plugin/connector.h"

#include "plugin/call_context.h"
#include "plugin/call_guard.h"
#include "plugin/library.h"
#include "plugin/loaded_connector.h"
#include "plugin/loaded_instance.h"
#include "trust/grants.h"

namespace junctor::plugin {

Result<std::unique_ptr<Instance>> LoadedConnector::create(const Integration& integration) {
  // A wrong delivery key would silently let duplicates through: refuse it with the rest.
  JUNCTOR_CHECK(effectiveDeliveryKey(manifest_, integration.settings_json));
  JUNCTOR_TRY(trust::Grants grants,
              trust::Grants::make(manifest_.capabilities, integration.settings_json,
                                  integration.allow_private));
  CallTarget target{manifest_.id, integration.tenant, integration.id, integration.settings_json,
                    JsonView()};
  target.ports = ports();
  target.grants = &grants;
  CallContext& context = CallContext::begin(target, clock_, JN_CALL_NO_IO);
  const jn_str settings = viewOf(integration.settings_json);
  jn_instance* made = nullptr;
  const jn_status status = guarded(
      context, [&] { return library_.connector->create(context.call(), &settings, &made); });
  if (status != JN_OK) return context.errorOf(status);
  if (!made) return internalError(manifest_.id + ": create gave no instance");
  return std::unique_ptr<Instance>(
      std::make_unique<LoadedInstance>(shared_from_this(), integration, std::move(grants), made));
}

}  // namespace junctor::plugin
