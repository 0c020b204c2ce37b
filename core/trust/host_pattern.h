#pragma once
// HostPattern: the hosts that one entry of a manifest's "hosts" allows. Private to the room.
// - "api.acme.com"              that host
// - "*.acme.com"                every host below it, at any depth; not acme.com itself
// - "{shop}.acme.com"           the integration's setting `shop` is one label of the name
// - "{base_url:url}"           the host of the URL in the integration's setting, any public one
// A template whose setting is not there allows nothing. Names are lower-case DNS names with at
// least two fixed labels at the end. No bare "*", no IP address, no port, no name that only a
// private network knows (localhost, *.internal, *.local, …).
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace junctor::trust {

class HostPattern {
 public:
  static Result<HostPattern> parse(std::string_view text);

  const std::string& text() const { return text_; }
  // A copy with every {setting} replaced. InvalidArgument names the setting that does not fit.
  // `private_hosts`: "{setting:url}" may name a host that only a private network knows, an address
  // too.
  Result<HostPattern> resolved(const Json& settings, bool private_hosts = false) const;
  // `host` in any case; what is no legal host name never matches. Templates match nothing.
  bool matches(std::string_view host) const;
  // Does this pattern allow everything that `other` allows?
  bool covers(const HostPattern& other) const;

 private:
  std::string text_;
  bool private_ = false;  // exactly this host, whatever it is
};

}  // namespace junctor::trust
