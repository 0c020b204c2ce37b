#pragma once
// Sending one mail by SMTP (libcurl's), through the guarded dialer.
#include <string>
#include <vector>

#include "net/line_socket.h"

namespace junctor::net {

struct Mail {
  std::string host;
  uint16_t port = 587;
  bool tls = false;            // from the first byte (smtps); else STARTTLS, which only private
                               // networks may do without
  std::string user, password;  // "" = none
  std::string from;            // envelope
  std::vector<std::string> to;
  std::string message;  // RFC 5322, as it is to be sent
};
struct MailTaken {
  int code = 0;  // the server's last: 250 taken, 4xx and 5xx not
};

// Blocks. Errors as HttpClient; Unauthenticated: the server refuses the credential.
Result<MailTaken> sendMail(const Mail& mail, const LineLimits& limits, const Clock& clock);

}  // namespace junctor::net
