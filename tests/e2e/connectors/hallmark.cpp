// A connector with a signature that no manifest describes: the MAC of the body read backwards, or a
// pass that the integration keeps as a secret. It answers its senders itself.
#include <junctor/connector.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace {

class Hallmark final : public jnc::Connector, public jnc::VerifiesWebhooks {
 public:
  Hallmark(const jnc::Call&, jnc::Json) {}

  void verify(const jnc::Call& call, const jnc::Request& request) override {
    if (request.header("X-Do") == "crash") std::abort();
    const jnc::Text pass = request.header("X-Pass");
    if (!pass.empty() && pass == call.secret("pass")) return;
    std::string backwards(request.body());
    std::reverse(backwards.begin(), backwards.end());
    const jn_str hex = jnc::detail::view(request.header("X-Mark"));
    jn_str mark{};
    jnc::detail::check(jnc::detail::host().codec->decode(call.raw(), JN_CODEC_HEX, &hex, &mark),
                       "the mark is not hexadecimal");
    if (!jnc::macMatches(call, JN_ALG_HMAC_SHA256, {jnc::detail::view(backwards)},
                         jnc::detail::text(mark))) {
      throw jnc::Failure(JN_E_SIGNATURE, "no live secret made this mark");
    }
  }

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const jnc::Json body = request.json(call);
    const jnc::Text type = body["type"].text();
    if (type == "challenge") {
      events.reply(200, body["challenge"].text());
      return;
    }
    if (type == "refuse") {
      events.reply(403, "not you");
      return;
    }
    jnc::Event event;
    event.type = type;
    event.id = body["id"].text();
    events.emit(event);
    if (type == "order") events.reply(200, "<taken/>", "application/xml");
    // The mark has done its work: nobody sees it again.
    for (const char* header : {"X-Mark", "X-Pass"}) {
      if (!request.header(header).empty()) throw jnc::invalid("a secret's shadow was stored");
    }
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Hallmark)
