#pragma once
// LoadedInstance: calls into one instance of a connector in this process.
#include <memory>
#include <string>
#include <vector>

#include "plugin/call_context.h"
#include "plugin/loaded_connector.h"
#include "trust/grants.h"

namespace junctor::plugin {

class LoadedInstance final : public Instance {
 public:
  LoadedInstance(std::shared_ptr<const LoadedConnector> connector, const Integration& integration,
                 trust::Grants grants, jn_instance* instance)
      : connector_(std::move(connector)),
        tenant_(integration.tenant),
        integration_(integration.id),
        grants_(std::move(grants)),
        instance_(instance) {}
  ~LoadedInstance() override;
  LoadedInstance(const LoadedInstance&) = delete;
  LoadedInstance& operator=(const LoadedInstance&) = delete;

  Result<HandleResult> handle(const RawRequest& request, JsonView body) override {
    return handle(request, body, false);
  }
  Result<HandleResult> answer(const RawRequest& request, JsonView body) override {
    return handle(request, body, true);
  }

  Result<void> verify(const RawRequest& request, JsonView body,
                      const std::vector<std::string>& secrets) override;

  Result<ActionResult> execute(const ActionRequest& action, const CallOptions& options) override;

  Result<std::vector<Field>> listFields(const std::string& object,
                                        const CallOptions& options) override;

  Result<Hook> subscribe(const HookRequest& request, const CallOptions& options) override;

  Result<void> unsubscribe(const std::string& hook_id, const CallOptions& options) override;

  Result<Hook> renew(const Hook& hook, const CallOptions& options) override;

  Result<std::vector<Hook>> listHooks(const CallOptions& options) override;

  Result<PollResult> poll(const PollRequest& request, const CallOptions& options) override;

  Result<OauthParams> authorizeParams(const OauthStart& start, const CallOptions& options) override;

  Result<OauthToken> parseToken(int http_status, const std::string& body,
                                const CallOptions& options) override;

  Result<OauthToken> refreshToken(const OauthToken& old, const CallOptions& options) override;

  Result<OauthAccount> identify(const CallOptions& options) override;

  Result<void> test(const std::string& params_json, const CallOptions& options) override;

 private:
  Result<HandleResult> handle(const RawRequest& request, JsonView body, bool replies);
  CallTarget targetFor() const;
  CallKind cpuOnly() const;
  CallContext& enter(const CallOptions& options, uint32_t flags = 0);
  static Result<void> done(CallContext& context, jn_status status);
  static Result<Hook> onlyOne(Result<std::vector<Hook>> hooks);
  Error tooManyHeaders() const;
  bool describe(const RawRequest& request, CallContext& context, jn_http_in& out) const;

  std::shared_ptr<const LoadedConnector> connector_;
  std::string tenant_, integration_;
  trust::Grants grants_;
  jn_instance* instance_;
};

}  // namespace junctor::plugin
