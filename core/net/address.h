#pragma once
// IP addresses by what they may be dialed for. Pure. The registries behind the table:
// IANA IPv4 and IPv6 Special-Purpose Address Registries, and the clouds' metadata addresses.
#include <sys/socket.h>

#include <string_view>

#include "net/http_client.h"

namespace junctor::net {

// The verdict on the very address that is about to be connected to. Families other than IPv4 and
// IPv6 are refused.
AddressVerdict classifySocketAddress(const sockaddr& address, bool allow_private);

}  // namespace junctor::net
