#pragma once
// Results that a connector gave in another process, checked here as if it had given them in this
// one: what is returned is what the sinks of this process make of them. Each needs the calling
// thread not to be inside a connector's call.
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "plugin/connector.h"

namespace junctor::plugin {

struct IntakeFor {
  const std::string& connector;
  const Clock& clock;
};

Result<HandleResult> takeIn(const IntakeFor& who, const HandleResult& result);
Result<ActionResult> takeIn(const IntakeFor& who, const ActionResult& result);
Result<std::vector<Field>> takeIn(const IntakeFor& who, const std::vector<Field>& fields);
Result<Hook> takeIn(const IntakeFor& who, const Hook& hook);
Result<std::vector<Hook>> takeIn(const IntakeFor& who, const std::vector<Hook>& hooks);
Result<PollResult> takeIn(const IntakeFor& who, const PollResult& page);
Result<OauthParams> takeIn(const IntakeFor& who, const OauthParams& params);
Result<OauthToken> takeIn(const IntakeFor& who, const OauthToken& token);
Result<OauthAccount> takeIn(const IntakeFor& who, const OauthAccount& account);
// What fail() left in the record of a call; counts are the host's own and stay as they are.
void takeIn(const CallRecord& told, CallRecord& out);

// A connector's text as one clean line of bounded length, for logs and errors.
std::string oneLine(std::string_view text, size_t bytes_max);

}  // namespace junctor::plugin
