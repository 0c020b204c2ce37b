// The forms in which a URL has been used to reach what it should not (reliability.md F30).
#include "net/url.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "unit/net/client_fixture.h"

namespace junctor::net {
namespace {

using testing::answering;
using testing::ClientFixture;
using testing::okResponse;
using testing::ScriptedServer;

// Each with port 80 or one of its own; %P stands for a canary's port.
const char* const kForbidden[] = {
    // Loopback, in every spelling of inet_aton and of parsers that forgive.
    "http://127.0.0.1:%P/",
    "http://127.0.0.2:%P/",
    "http://127.1:%P/",
    "http://127.0.1:%P/",
    "http://127.255.255.255:%P/",
    "http://2130706433:%P/",
    "http://017700000001:%P/",
    "http://0x7f000001:%P/",
    "http://0X7F000001:%P/",
    "http://0x7f.0x0.0x0.0x1:%P/",
    "http://0177.0.0.1:%P/",
    "http://0177.0.0.01:%P/",
    "http://00127.0.0.1:%P/",
    "http://127.0.0.001:%P/",
    "http://127.0.0x1:%P/",
    "http://0x7f.1:%P/",
    "http://0177.1:%P/",
    "http://127.0.0.1.:%P/",
    "http://127.0.0.1..:%P/",
    "http://.127.0.0.1:%P/",
    "http://localhost:%P/",
    "http://LOCALHOST:%P/",
    "http://LocalHost:%P/",
    "http://localhost.:%P/",
    "http://a.localhost:%P/",
    "http://0:%P/",
    "http://0.0.0.0:%P/",
    "http://00000000:%P/",
    "http://0x0:%P/",
    "http://0.1:%P/",
    "http://1:%P/",
    "http://4294967295:%P/",
    "http://99999999999:%P/",
    "http://127.0.0.1%2f@8.8.8.8:%P/",
    "http://127.0.0.%31:%P/",
    "http://%31%32%37.0.0.1:%P/",
    "http://%6c%6f%63%61%6c%68%6f%73%74:%P/",
    // IPv6, and IPv4 within it.
    "http://[::1]:%P/",
    "http://[0:0:0:0:0:0:0:1]:%P/",
    "http://[0000::0001]:%P/",
    "http://[::]:%P/",
    "http://[0::0]:%P/",
    "http://[::127.0.0.1]:%P/",
    "http://[::7f00:1]:%P/",
    "http://[::ffff:127.0.0.1]:%P/",
    "http://[::ffff:7f00:1]:%P/",
    "http://[::FFFF:127.0.0.1]:%P/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:%P/",
    "http://[::ffff:0:127.0.0.1]:%P/",
    "http://[::ffff:8.8.8.8]:%P/",
    "http://[64:ff9b::127.0.0.1]:%P/",
    "http://[64:ff9b::7f00:1]:%P/",
    "http://[64:ff9b:1::127.0.0.1]:%P/",
    "http://[64:ff9b:1:ffff::7f00:1]:%P/",
    "http://[2002:7f00:1::]:%P/",
    "http://[2002:a9fe:a9fe::1]:%P/",
    "http://[2001:0:7f00:1::]:%P/",
    "http://[2001::1]:%P/",
    "http://[fe80::1]:%P/",
    "http://[fe80::1%25lo]:%P/",
    "http://[fe80::1%lo]:%P/",
    "http://[::1%25lo]:%P/",
    "http://[fec0::1]:%P/",
    "http://[fc00::1]:%P/",
    "http://[fd00::1]:%P/",
    "http://[fd00:ec2::254]:%P/",
    "http://[ff02::1]:%P/",
    "http://[ff0e::1]:%P/",
    "http://[2001:db8::1]:%P/",
    "http://[3fff::1]:%P/",
    "http://[100::1]:%P/",
    "http://[4000::1]:%P/",
    "http://[v1.127.0.0.1]:%P/",
    "http://[127.0.0.1]:%P/",
    "http://[localhost]:%P/",
    "http://[::1:%P/",
    "http://::1:%P/",
    "http://[::1]a:%P/",
    "http://[[::1]]:%P/",
    "http://[]:%P/",
    "http://[::1]]:%P/",
    // Private, metadata and special networks.
    "http://10.0.0.1/",
    "http://10.1/",
    "http://167772161/",
    "http://0x0a000001/",
    "http://012.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://192.168.257/",
    "http://192.168.1/",
    "http://3232235521/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.43518/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://192.0.0.1/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://198.18.0.1/",
    "http://198.19.255.255/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://239.1.2.3/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    // User names, and what parsers disagree on.
    "http://user@8.8.8.8/",
    "http://user:pass@8.8.8.8/",
    "http://@8.8.8.8/",
    "http://8.8.8.8@127.0.0.1:%P/",
    "http://8.8.8.8:80@127.0.0.1:%P/",
    "http://8.8.8.8#@127.0.0.1:%P/",
    "http://8.8.8.8\\@127.0.0.1:%P/",
    "http://127.0.0.1:%P\\@8.8.8.8/",
    "http:\\\\127.0.0.1:%P\\",
    "http:/\\127.0.0.1:%P/",
    "http://8.8.8.8\\.127.0.0.1:%P/",
    "http://8.8.8.8 .127.0.0.1:%P/",
    "http://8.8.8.8&@127.0.0.1:%P/",
    "http://8.8.8.8;127.0.0.1:%P/",
    "http://8.8.8.8,127.0.0.1:%P/",
    "http://8.8.8.8/#frag",
    // White space, control and non-ASCII characters (full-width digits, ideographic dots, IDN).
    " http://8.8.8.8/",
    "http://8.8.8.8/ ",
    "\thttp://8.8.8.8/",
    "http://8.8.8.8/\n",
    "http://8.8.8.8/\r\nX: y",
    "ht\ntp://8.8.8.8/",
    "http://8.8.8.8\t/",
    "http://8.8.8.8/a b",
    "http://exa mple.com/",
    "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:%P/",
    "http://127\xe3\x80\x82"
    "0\xe3\x80\x82"
    "0\xe3\x80\x82"
    "1:%P/",
    "http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1:%P/",
    "http://ex\xc3\xa4mple.com/",
    "http://"
    "\xe2\x93\x9b\xe2\x93\x9e\xe2\x93\x92\xe2\x93\x90\xe2\x93\x9b\xe2\x93\x97\xe2\x93\x9e\xe2\x93"
    "\xa2\xe2\x93\xa3:%P/",
    "http://8.8.8.8/\x7f",
    "http://8.8.8.8/\x01",
    // Ports.
    "http://8.8.8.8:0/",
    "http://8.8.8.8:65536/",
    "http://8.8.8.8:99999999/",
    "http://8.8.8.8:/",
    "http://8.8.8.8:-80/",
    "http://8.8.8.8:+80/",
    "http://8.8.8.8:80a/",
    "http://8.8.8.8:080/",
    "http://8.8.8.8:8:0/",
    "http://8.8.8.8:0x50/",
    "http://8.8.8.8: 80/",
    // Schemes.
    "",
    "8.8.8.8",
    "//8.8.8.8/",
    "http:8.8.8.8",
    "http:/8.8.8.8/",
    "http:///",
    "http://",
    "http://?",
    "http:///127.0.0.1:%P/",
    "https://",
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:%P/_x",
    "dict://127.0.0.1:%P/",
    "ldap://8.8.8.8/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "httpx://8.8.8.8/",
    "ws://8.8.8.8/",
    "unix:///run/x.sock",
    "jar:http://8.8.8.8/",
    "url:http://8.8.8.8/",
    "http+unix://x/",
    "view-source:http://8.8.8.8/",
    // Names that are none.
    "http://-a.com/",
    "http://a-.com/",
    "http://a..com/",
    "http://.com/",
    "http://a.com./",
    "http://*.com/",
    "http://a_b$.com/",
    "http://a.123/",
    "http://1.2.3.4.5/",
    "http://256.1.1.1/",
    "http://8.8.8.8.8/",
    "http://a.0x7f/",
};

std::string withPort(std::string text, int port) {
  const size_t at = text.find("%P");
  if (at != std::string::npos) text.replace(at, 2, std::to_string(port));
  return text;
}

}  // namespace

TEST_CASE("at least 120 forbidden forms are refused when a destination is created") {
  CHECK(std::size(kForbidden) >= 120);
  for (const char* form : kForbidden) {
    INFO(form);
    const auto checked = checkUrl(withPort(form, 8080), false);
    REQUIRE_FALSE(checked);
    CHECK((checked.error().code == ErrorCode::InvalidArgument ||
           checked.error().code == ErrorCode::PermissionDenied));
  }
}

TEST_CASE_METHOD(ClientFixture, "no forbidden form reaches a canary when it is dialed") {
  ScriptedServer canary(answering(okResponse()));
  for (const char* form : kForbidden) {
    auto request = postTo(withPort(form, canary.port()));
    request.allow_private = false;
    INFO(form);
    const ErrorCode code = errorOf(request);
    CHECK((code == ErrorCode::InvalidArgument || code == ErrorCode::PermissionDenied));
  }
  CHECK(canary.connections() == 0);
}

// Names that checkUrl() cannot know: the machine's own, which leads to loopback or a private
// network, and what hosts files call ::1. The dialer alone stands between them and the canary.
TEST_CASE_METHOD(ClientFixture, "a name is judged by the address it leads to") {
  ScriptedServer canary(answering(okResponse()));
  char own[256] = {};
  ::gethostname(own, sizeof own - 1);
  for (const std::string name : {"ip6-loopback", "ip6-localhost", static_cast<const char*>(own)}) {
    auto request = postTo("http://" + name + ":" + std::to_string(canary.port()) + "/");
    request.allow_private = false;
    INFO(name);
    const auto result = call(request);
    REQUIRE_FALSE(result);
    CHECK((result.error().code == ErrorCode::PermissionDenied ||
           result.error().message == "the host name does not resolve"));
  }
  CHECK(canary.connections() == 0);
}

TEST_CASE("ordinary URLs are read") {
  const auto url = parseUrl("HTTPS://Hooks.Example.COM:8443/a/b?c=d&e=%20/?").value();
  CHECK(url.tls);
  CHECK(url.host == "hooks.example.com");
  CHECK(url.port == 8443);
  CHECK(url.target == "/a/b?c=d&e=%20/?");
  CHECK(parseUrl("http://example.com").value().port == 80);
  CHECK(parseUrl("https://example.com").value().port == 443);
  CHECK(parseUrl("https://example.com?x").value().target == "?x");
  CHECK(parseUrl("https://[2606:4700::1111]:444/").value().host == "2606:4700::1111");
  CHECK(parseUrl("https://8.8.8.8").value().ip_literal);
  CHECK(parseUrl("http://xn--exmple-cua.com/@x").value().host == "xn--exmple-cua.com");
  CHECK(parseUrl("http://1e100.net/").value().host == "1e100.net");
  CHECK(parseUrl("http://my_service.internal/").value().host == "my_service.internal");
}

TEST_CASE("a public URL passes, a private one passes under a grant") {
  for (const char* url : {"https://example.com/hook", "http://8.8.8.8:8080/", "http://intranet/",
                          "https://[2606:4700:4700::1111]/"}) {
    CHECK(checkUrl(url, false));
  }
  for (const char* url : {"http://127.0.0.1:9000/", "http://localhost:9000/", "http://[::1]/",
                          "http://10.1.2.3/", "http://192.168.1.1/", "http://[fd12::1]/"}) {
    CHECK_FALSE(checkUrl(url, false));
    CHECK(checkUrl(url, true));
  }
  for (const char* url :
       {"http://169.254.169.254/", "http://[fe80::1]/", "http://224.0.0.1/", "http://0.0.0.0/",
        "http://[::ffff:10.0.0.1]/", "http://[fd00:ec2::254]/"}) {
    CHECK_FALSE(checkUrl(url, true));
  }
}

TEST_CASE("an over-long URL or name is refused") {
  CHECK_FALSE(parseUrl("http://example.com/" + std::string(9000, 'a')));
  CHECK_FALSE(parseUrl("http://" + std::string(64, 'a') + ".com/"));
  std::string name;
  for (int i = 0; i < 130; ++i) name += "a.";
  CHECK_FALSE(parseUrl("http://" + name + "com/"));
}

}  // namespace junctor::net
