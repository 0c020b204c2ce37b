// A connector that offers every interface, in the C++ SDK. What it does is what the call's texts
// ask for, so that tests can look at each path.
#include <junctor/connector.hpp>

namespace {

class Everything final : public jnc::Connector,
                         public jnc::VerifiesWebhooks,
                         public jnc::Actions,
                         public jnc::Fields,
                         public jnc::Hooks,
                         public jnc::RenewsHooks,
                         public jnc::Polls,
                         public jnc::AddsOauthParams,
                         public jnc::ReadsOauthTokens,
                         public jnc::RefreshesOauthTokens,
                         public jnc::IdentifiesAccounts,
                         public jnc::TestsConnection {
 public:
  Everything(const jnc::Call&, jnc::Json) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    if (request.body() == "http") call.http(toApi());
    if (request.body() == "kv") call.kvPut("k", "v");
    jnc::Event event;
    event.type = "handled";
    events.emit(event);
  }
  void verify(const jnc::Call& call, const jnc::Request& request) override {
    if (!jnc::macMatches(call, JN_ALG_HMAC_SHA256, {jnc::detail::view(request.body())},
                         hexed(call, request.header("X-Mac")))) {
      throw jnc::Failure(JN_E_SIGNATURE, "no live secret made this signature");
    }
  }

  void execute(const jnc::Call& call, const jnc::Action& action, jnc::ActionSink& out) override {
    if (action.name == "echo") {
      out.result({action.params.dump(), action.idempotency_key, "https://example.com/1"});
    } else if (action.name == "send") {
      send(call, action, out);
    } else if (action.name == "store") {
      store(call, action, out);
    } else if (action.name == "secret") {
      out.result({"true", {}, {}});
      call.log(JN_LOG_INFO, call.number(static_cast<int64_t>(call.secret("signing").size())));
    } else if (action.name == "measure") {
      call.count("acts", 2, {jnc::option("kind", "good")});
      call.observeUs("took_us", 150);
    } else if (action.name == "flags") {
      out.result({call.dryRun() ? (call.test() ? "3" : "1") : (call.test() ? "2" : "0"), {}, {}});
    } else if (action.name == "wait") {
      while (!call.cancelled()) {
      }
      out.result({"1", {}, {}});
    } else if (action.name == "nothing") {
    } else if (action.name == "fail") {
      throw jnc::Failure(JN_E_RATE_LIMITED, "slow down")
          .http(429)
          .code("too_fast")
          .retryAfter(1500);
    } else {
      throw jnc::invalid("unknown action");
    }
  }

  void listFields(const jnc::Call&, jnc::Text object, jnc::FieldSink& out) override {
    if (object != "issue") throw jnc::Failure(JN_E_NOT_FOUND, "no such object");
    jnc::Field title;
    title.name = "title";
    title.flags = JN_FIELD_REQUIRED;
    out.field(title);
    jnc::Field state;
    state.type = JN_FIELD_CHOICE;
    state.flags = JN_FIELD_CUSTOM | JN_FIELD_READ_ONLY | JN_FIELD_MULTIPLE;
    state.name = "state";
    state.label = "State";
    state.options = {jnc::option("o", "open"), jnc::option("c", "closed")};
    out.field(state);
  }

  void subscribe(const jnc::Call& call, const jnc::HookRequest& request,
                 jnc::HookSink& out) override {
    jnc::Hook hook;
    hook.id = "h1";
    hook.url = request.url;
    hook.events = request.events.dump();
    hook.signing_secret = request.signing_secret.empty() ? "chosen" : jnc::Text();
    hook.expires_ms = call.nowMs() + 1000;
    out.hook(hook);
  }
  void unsubscribe(const jnc::Call&, jnc::Text hook_id) override {
    if (hook_id == "denied") throw jnc::Failure(JN_E_FORBIDDEN, "not yours");
  }
  void listHooks(const jnc::Call&, jnc::HookSink& out) override {
    jnc::Hook hook;
    for (const char* id : {"h1", "h2"}) {
      hook.id = id;
      hook.disabled = hook.id == "h2";
      out.hook(hook);
    }
  }
  void renew(const jnc::Call&, const jnc::Hook& hook, jnc::HookSink& out) override {
    if (hook.id != "h1") throw jnc::Failure(JN_E_NOT_FOUND, "gone");
    jnc::Hook renewed = hook;
    renewed.expires_ms += 1000;
    out.hook(renewed);
  }

  void poll(const jnc::Call& call, const jnc::PollRequest& request, jnc::PollSink& out) override {
    for (uint32_t i = 0; i < request.limit; ++i) {
      jnc::Event event;
      event.type = "polled";
      event.id = call.join({request.cursor, "-", call.number(i)});
      event.payload = "{}";
      out.emit(event);
    }
    out.next(call.join({request.stream, "+", request.cursor}), true, 500);
  }

  void authorizeParams(const jnc::Call&, const jnc::OauthStart& start,
                       jnc::OauthSink& out) override {
    if (start.account_hint == "steal") out.param("state", "mine");
    out.param("audience", start.account_hint);
  }
  void parseToken(const jnc::Call& call, uint32_t status, jnc::Text body,
                  jnc::OauthSink& out) override {
    if (status != 200) throw jnc::Failure(JN_E_AUTH, "refused");
    jnc::OauthToken token;
    token.access_token = call.parse(body)["authed_user"]["token"].text();
    out.token(token);
  }
  void refreshToken(const jnc::Call&, const jnc::OauthToken& old, jnc::OauthSink& out) override {
    jnc::OauthToken token = old;
    token.access_token = "new";
    token.extra = R"({"n":1})";
    out.token(token);
  }
  void identify(const jnc::Call&, jnc::OauthSink& out) override {
    jnc::OauthAccount account;
    account.id = "42";
    account.name = "Ada";
    out.account(account);
  }
  void testConnection(const jnc::Call& call, jnc::Json params) override {
    if (params["bad"].present()) throw jnc::Failure(JN_E_AUTH, "the token was refused");
    call.http(toApi()).orThrow("the API");
  }

 private:
  static jnc::HttpRequest toApi() {
    jnc::HttpRequest request;
    request.url = "https://api.example.com/me";
    request.credential = "api";
    return request;
  }
  static jnc::Text hexed(const jnc::Call& call, jnc::Text hex) {
    const jn_str text = jnc::detail::view(hex);
    jn_str raw{};
    jnc::detail::check(jnc::detail::host().codec->decode(call.raw(), JN_CODEC_HEX, &text, &raw),
                       "not hex");
    return jnc::detail::text(raw);
  }
  static void send(const jnc::Call& call, const jnc::Action& action, jnc::ActionSink& out) {
    jnc::HttpRequest request;
    request.method = action.params["method"].text();
    request.url = action.params["url"].text();
    request.body = action.params["body"].text();
    request.credential = action.params["credential"].text();
    request.idempotency_key = action.idempotency_key;
    if (action.params["header"].present()) {
      request.headers.emplace_back(action.params["header"].text(), "x");
    }
    const int64_t times = action.params["times"].integer().value_or(1);
    for (int64_t i = 1; i < times; ++i) call.http(request);
    const jnc::HttpAnswer answer = call.http(request);
    answer.orThrow("the API");
    out.result({call.object([&](jnc::Writer& json) {
                  json.put("body", answer.body()).put("cookie", answer.header("Set-Cookie"));
                }),
                answer.header("X-Id"),
                {}});
  }
  static void store(const jnc::Call& call, const jnc::Action& action, jnc::ActionSink& out) {
    const jnc::Text key = action.params["key"].text();
    const uint64_t version = call.kvPut(key, action.params["value"].text());
    const bool stale = !call.kvPutIf(key, "other", version + 7);
    const auto found = call.kvGet(key);
    const bool absent = !call.kvGet("no such key");
    const size_t listed = call.kvList(key.substr(0, 1)).size();
    call.kvDelete(key);
    out.result({call.object([&](jnc::Writer& json) {
                  json.put("value", found ? found->value : jnc::Text());
                  json.put("stale", stale ? "yes" : "no").put("absent", absent ? "yes" : "no");
                  json.put("listed", call.number(static_cast<int64_t>(listed)));
                }),
                {},
                {}});
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Everything)
