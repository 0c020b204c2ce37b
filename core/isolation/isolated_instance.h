#pragma once
// IsolatedInstance: one configured use of a connector whose code runs in other processes. It has a
// twin in every process that it was called in, made there at its first call from the same settings:
// webhooks in one, calls that may use the network in others.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "isolation/isolated_connector.h"

namespace junctor::isolation {

class IsolatedInstance final : public plugin::Instance {
 public:
  IsolatedInstance(std::shared_ptr<IsolatedConnector> connector, std::shared_ptr<Ward> ward,
                   Ward::Spec spec)
      : connector_(std::move(connector)), ward_(std::move(ward)), spec_(std::move(spec)) {}
  ~IsolatedInstance() override { connector_->destroyInstance(*spec_); }

  void begin(const RawRequest& request) override;
  void putOff(const RawRequest& request) override;
  // Of a begun request: plugin::busyError unless the answer is there in milliseconds. Of another
  // one: waits.
  Result<plugin::HandleResult> handle(const RawRequest& request, JsonView body) override;
  Result<plugin::HandleResult> answer(const RawRequest& request, JsonView body) override;
  Result<void> verify(const RawRequest& request, JsonView body,
                      const std::vector<std::string>& secrets) override;

  Result<plugin::ActionResult> execute(const plugin::ActionRequest& action,
                                       const plugin::CallOptions& options) override;
  Result<std::vector<plugin::Field>> listFields(const std::string& object,
                                                const plugin::CallOptions& options) override;
  Result<plugin::Hook> subscribe(const plugin::HookRequest& request,
                                 const plugin::CallOptions& options) override;
  Result<void> unsubscribe(const std::string& hook_id, const plugin::CallOptions& options) override;
  Result<plugin::Hook> renew(const plugin::Hook& hook, const plugin::CallOptions& options) override;
  Result<std::vector<plugin::Hook>> listHooks(const plugin::CallOptions& options) override;
  Result<plugin::PollResult> poll(const plugin::PollRequest& request,
                                  const plugin::CallOptions& options) override;
  Result<plugin::OauthParams> authorizeParams(const plugin::OauthStart& start,
                                              const plugin::CallOptions& options) override;
  Result<plugin::OauthToken> parseToken(int http_status, const std::string& body,
                                        const plugin::CallOptions& options) override;
  Result<plugin::OauthToken> refreshToken(const plugin::OauthToken& old,
                                          const plugin::CallOptions& options) override;
  Result<plugin::OauthAccount> identify(const plugin::CallOptions& options) override;
  Result<void> test(const std::string& params_json, const plugin::CallOptions& options) override;

 private:
  const plugin::Manifest& manifest() const { return connector_->manifest(); }
  // What the connector made of the instance's settings, and of a call.
  Result<std::string> done(Result<Ward::Answers> answers) const;
  Result<plugin::HandleResult> webhook(Method method, const RawRequest& request, Ward::Begun begun);
  std::optional<Ward::Begun> takeBegun(const RawRequest& request);
  CallTerms cpuOnly() const;
  // A call with options: CPU only, or with I/O in a process that nobody else uses meanwhile.
  template <class T, class... Args>
  Result<T> call(Method method, const plugin::CallOptions& options, bool no_io,
                 const Args&... args);

  const std::shared_ptr<IsolatedConnector> connector_;
  const std::shared_ptr<Ward> ward_;
  const Ward::Spec spec_;
  // Announced; without a call where there was no room for one.
  std::deque<std::pair<const RawRequest*, Ward::Begun>> begun_;
};

// A connector's own words never pass for the host's: they begin with its id.
Error asItsOwn(Error error, const std::string& id);

}  // namespace junctor::isolation
