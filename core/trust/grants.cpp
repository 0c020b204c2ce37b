#include "trust/grants.h"

#include <algorithm>

#include "base/json_value.h"
#include "trust/host_pattern.h"

namespace junctor::trust {
namespace {

using Patterns = std::vector<HostPattern>;

Result<Patterns> resolve(const std::vector<std::string>& texts, const Json& settings,
                         bool private_hosts) {
  Patterns patterns;
  for (const std::string& text : texts) {
    JUNCTOR_TRY(const HostPattern pattern, HostPattern::parse(text));
    JUNCTOR_TRY(HostPattern resolved, pattern.resolved(settings, private_hosts));
    patterns.push_back(std::move(resolved));
  }
  return patterns;
}

bool anyMatches(const Patterns& patterns, std::string_view host) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [host](const HostPattern& pattern) { return pattern.matches(host); });
}

}  // namespace

struct Grants::State {
  Patterns hosts;
  std::map<std::string, Patterns, std::less<>> credentials;
  std::vector<std::string> secrets, protocols;
  int64_t kv_bytes = 0;
  Budget budget;
};

Grants::Grants() {
  static const auto kNothing = std::make_shared<const State>();
  state_ = kNothing;
}

Result<Grants> Grants::make(const Capabilities& capabilities, std::string_view settings_json,
                            bool private_hosts) {
  Json settings = Json::object();
  if (!settings_json.empty()) {
    JUNCTOR_TRY(settings, parseJson(settings_json));
  }
  auto state = std::make_shared<State>();
  JUNCTOR_TRY(state->hosts, resolve(capabilities.hosts, settings, private_hosts));
  for (const auto& [name, hosts] : capabilities.credentials) {
    JUNCTOR_TRY(state->credentials[name], resolve(hosts, settings, private_hosts));
  }
  state->secrets = capabilities.secrets;
  state->protocols = capabilities.protocols;
  state->kv_bytes = capabilities.kv_bytes;
  state->budget = capabilities.budget;
  Grants grants;
  grants.state_ = std::move(state);
  return grants;
}

bool Grants::mayReach(std::string_view host) const {
  return anyMatches(state_->hosts, host);
}

bool Grants::mayUse(std::string_view credential, std::string_view host) const {
  const auto found = state_->credentials.find(credential);
  return found != state_->credentials.end() && mayReach(host) && anyMatches(found->second, host);
}

bool Grants::maySpeak(std::string_view protocol) const {
  const auto& known = state_->protocols;
  return std::find(known.begin(), known.end(), protocol) != known.end();
}

bool Grants::maySee(std::string_view secret) const {
  return std::find(state_->secrets.begin(), state_->secrets.end(), secret) != state_->secrets.end();
}

int64_t Grants::kvBytes() const {
  return state_->kv_bytes;
}
const Budget& Grants::budget() const {
  return state_->budget;
}

}  // namespace junctor::trust
