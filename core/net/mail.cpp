#include "net/mail.h"

#include <fmt/core.h>

#include <algorithm>

#include "net/guarded_easy.h"

namespace junctor::net {
namespace {

struct Source {
  std::string_view left;
};

size_t feed(char* out, size_t size, size_t count, void* user) {
  auto& source = *static_cast<Source*>(user);
  const size_t now = std::min(size * count, source.left.size());
  std::copy_n(source.left.data(), now, out);
  source.left.remove_prefix(now);
  return now;
}

// What stands between < and > of the dialogue: no line of its own may begin there.
bool cleanAddress(const std::string& address) {
  return !address.empty() && address.size() <= 320 && address.find('@') != std::string::npos &&
         std::none_of(address.begin(), address.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == '<' || c == '>' || c == 0x7f;
         });
}

class List {
 public:
  ~List() { curl_slist_free_all(list_); }
  void add(const std::string& text) { list_ = curl_slist_append(list_, text.c_str()); }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace

Result<MailTaken> sendMail(const Mail& mail, const LineLimits& limits, const Clock& clock) {
  if (!cleanAddress(mail.from)) return invalidArgument("the sender is no e-mail address");
  if (mail.to.empty()) return invalidArgument("there is no recipient");
  GuardedEasy easy(limits, clock);
  CURL* const handle = easy.handle();
  List recipients;
  for (const std::string& to : mail.to) {
    if (!cleanAddress(to)) return invalidArgument("a recipient is no e-mail address");
    recipients.add("<" + to + ">");
  }
  const std::string url =
      fmt::format("{}://{}:{}", mail.tls ? "smtps" : "smtp", mail.host, mail.port);
  const std::string from = "<" + mail.from + ">";
  Source source{mail.message};
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  const bool plain_ok = limits.allow_private && mail.password.empty();
  curl_easy_setopt(handle, CURLOPT_USE_SSL,
                   static_cast<long>(plain_ok ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  if (!mail.password.empty()) {
    curl_easy_setopt(handle, CURLOPT_USERNAME, mail.user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, mail.password.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, &feed);
  curl_easy_setopt(handle, CURLOPT_READDATA, &source);
  const auto done = easy.perform();
  long code = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
  // The server has spoken: what it said counts, not that curl calls it a failure.
  const bool refused = code >= 400 && code < 600;
  if (!done && (!refused || done.error().code == ErrorCode::Unauthenticated)) return done.error();
  return MailTaken{static_cast<int>(code)};
}

}  // namespace junctor::net
