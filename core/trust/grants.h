#pragma once
// Grants: what one connector may do for one integration. A value; host services ask it before
// they act and answer a denial in-band (JN_E_DENIED). The empty one allows nothing.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/capabilities.h"

namespace junctor::trust {

class Grants {
 public:
  Grants();
  // Fills {setting} of host patterns from the integration's settings (a JSON object, "" = none).
  // InvalidArgument names the setting that is missing or is no label of a host name.
  // `private_hosts`: the operator lets the integration dial private networks.
  static Result<Grants> make(const Capabilities& capabilities, std::string_view settings_json,
                             bool private_hosts = false);

  // `host` is a URL's host, in any case, without port. Addresses are never allowed: what a name
  // resolves to is judged by the dialer's guard, at every connect and redirect.
  bool mayReach(std::string_view host) const;
  // May the credential be sent to that host? A host alone is not enough: an allowed host must not
  // receive another one's token.
  bool mayUse(std::string_view credential, std::string_view host) const;
  // "nats", …: a protocol beside https, which is always allowed.
  bool maySpeak(std::string_view protocol) const;
  bool maySee(std::string_view secret) const;
  int64_t kvBytes() const;  // 0 = no storage
  const Budget& budget() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;  // copies share it; immutable
};

}  // namespace junctor::trust
