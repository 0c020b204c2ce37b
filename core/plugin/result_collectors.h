#pragma once
// Sinks of junctor.actions/1, fields/1, hooks/1 and oauth/1. Each copies and checks what a
// connector hands over; finish() gives it, or the error of a call that returned `status`.
#include <junctor/junctor.h>

#include <optional>
#include <set>

#include "plugin/calls.h"
#include "plugin/collector.h"

namespace junctor::plugin {

class ActionCollector final : public Collector {
 public:
  explicit ActionCollector(CallContext& context);
  const jn_action_sink* sink() const { return &sink_; }
  Result<ActionResult> finish(jn_status status) &&;

 private:
  static jn_status resultFor(const jn_action_sink* sink, const jn_action_result* result);
  jn_status set(const jn_action_result* given);

  jn_action_sink sink_;
  std::optional<ActionResult> result_;
};

class FieldCollector final : public Collector {
 public:
  explicit FieldCollector(CallContext& context);
  const jn_field_sink* sink() const { return &sink_; }
  Result<std::vector<Field>> finish(jn_status status) &&;

 private:
  static jn_status fieldFor(const jn_field_sink* sink, const jn_field* field);
  jn_status add(const jn_field* given);
  bool copyOptions(const jn_map& options, Field& out) const;

  jn_field_sink sink_;
  std::vector<Field> fields_;
  std::set<std::string> names_;
};

class HookCollector final : public Collector {
 public:
  // `one`: exactly one hook is expected (subscribe, renew).
  HookCollector(CallContext& context, bool one);
  const jn_hook_sink* sink() const { return &sink_; }
  Result<std::vector<Hook>> finish(jn_status status) &&;

 private:
  static jn_status hookFor(const jn_hook_sink* sink, const jn_hook* hook);
  jn_status add(const jn_hook* given);

  jn_hook_sink sink_;
  const bool one_;
  std::vector<Hook> hooks_;
  std::set<std::string> ids_;
};

class OauthCollector final : public Collector {
 public:
  enum class Wants { Params, Token, Account };
  OauthCollector(CallContext& context, Wants wants);
  const jn_oauth_sink* sink() const { return &sink_; }
  // The one that is wanted.
  Result<OauthParams> params(jn_status status) &&;
  Result<OauthToken> token(jn_status status) &&;
  Result<OauthAccount> account(jn_status status) &&;

 private:
  static jn_status paramFor(const jn_oauth_sink* sink, const jn_str* name, const jn_str* value);
  static jn_status tokenFor(const jn_oauth_sink* sink, const jn_oauth_token* token);
  static jn_status accountFor(const jn_oauth_sink* sink, const jn_oauth_account* account);
  jn_status expect(Wants what);
  jn_status addParam(const jn_str* name, const jn_str* value);
  jn_status setToken(const jn_oauth_token* given);
  jn_status setAccount(const jn_oauth_account* given);

  jn_oauth_sink sink_;
  const Wants wants_;
  OauthParams params_;
  std::optional<OauthToken> token_;
  std::optional<OauthAccount> account_;
};

}  // namespace junctor::plugin
