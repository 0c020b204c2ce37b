// A mail as RFC 5322 and MIME write it.
#ifndef JUNCTOR_SMTP_MESSAGE_H
#define JUNCTOR_SMTP_MESSAGE_H

#include <junctor/call.hpp>
#include <string>
#include <vector>

namespace smtp {

struct Letter {
  std::string from, reply_to, in_reply_to, subject, text, html;
  std::vector<std::string> to, cc;
  std::string id;  // of the Message-ID, without brackets
};

// Lines end in CRLF. Throws JN_E_INVALID for a header that would be more than one line.
std::string compose(const jnc::Call& call, const Letter& letter);
// "Ann <ann@example.com>" -> "ann@example.com"
std::string addressIn(const std::string& text);

}  // namespace smtp

#endif
