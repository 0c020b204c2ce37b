// A connector that offers every interface, in the C++ SDK. What it does is what the call's texts
// ask for, so that tests can look at each path.
#include <junctor/connector.hpp>

namespace {

class Everything final : public jn::Connector,
                         public jn::VerifiesWebhooks,
                         public jn::Actions,
                         public jn::Fields,
                         public jn::Hooks,
                         public jn::RenewsHooks,
                         public jn::Polls,
                         public jn::AddsOauthParams,
                         public jn::ReadsOauthTokens,
                         public jn::RefreshesOauthTokens,
                         public jn::IdentifiesAccounts,
                         public jn::TestsConnection {
 public:
  Everything(const jn::Call&, jn::Json) {}

  void handle(const jn::Call& call, const jn::Request& request, jn::Events& events) override {
    if (request.body() == "http") call.http(toApi());
    if (request.body() == "kv") call.kvPut("k", "v");
    jn::Event event;
    event.type = "handled";
    events.emit(event);
  }
  void verify(const jn::Call& call, const jn::Request& request) override {
    if (!jn::macMatches(call, JN_ALG_HMAC_SHA256, {jn::detail::view(request.body())},
                        hexed(call, request.header("X-Mac")))) {
      throw jn::Failure(JN_E_SIGNATURE, "no live secret made this signature");
    }
  }

  void execute(const jn::Call& call, const jn::Action& action, jn::ActionSink& out) override {
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
      call.count("acts", 2, {jn::option("kind", "good")});
      call.observeUs("took_us", 150);
    } else if (action.name == "flags") {
      out.result({call.dryRun() ? (call.test() ? "3" : "1") : (call.test() ? "2" : "0"), {}, {}});
    } else if (action.name == "wait") {
      while (!call.cancelled()) {
      }
      out.result({"1", {}, {}});
    } else if (action.name == "nothing") {
    } else if (action.name == "fail") {
      throw jn::Failure(JN_E_RATE_LIMITED, "slow down").http(429).code("too_fast").retryAfter(1500);
    } else {
      throw jn::invalid("unknown action");
    }
  }

  void listFields(const jn::Call&, jn::Text object, jn::FieldSink& out) override {
    if (object != "issue") throw jn::Failure(JN_E_NOT_FOUND, "no such object");
    jn::Field title;
    title.name = "title";
    title.flags = JN_FIELD_REQUIRED;
    out.field(title);
    jn::Field state;
    state.type = JN_FIELD_CHOICE;
    state.flags = JN_FIELD_CUSTOM | JN_FIELD_READ_ONLY | JN_FIELD_MULTIPLE;
    state.name = "state";
    state.label = "State";
    state.options = {jn::option("o", "open"), jn::option("c", "closed")};
    out.field(state);
  }

  void subscribe(const jn::Call& call, const jn::HookRequest& request, jn::HookSink& out) override {
    jn::Hook hook;
    hook.id = "h1";
    hook.url = request.url;
    hook.events = request.events.dump();
    hook.signing_secret = request.signing_secret.empty() ? "chosen" : jn::Text();
    hook.expires_ms = call.nowMs() + 1000;
    out.hook(hook);
  }
  void unsubscribe(const jn::Call&, jn::Text hook_id) override {
    if (hook_id == "denied") throw jn::Failure(JN_E_FORBIDDEN, "not yours");
  }
  void listHooks(const jn::Call&, jn::HookSink& out) override {
    jn::Hook hook;
    for (const char* id : {"h1", "h2"}) {
      hook.id = id;
      hook.disabled = hook.id == "h2";
      out.hook(hook);
    }
  }
  void renew(const jn::Call&, const jn::Hook& hook, jn::HookSink& out) override {
    if (hook.id != "h1") throw jn::Failure(JN_E_NOT_FOUND, "gone");
    jn::Hook renewed = hook;
    renewed.expires_ms += 1000;
    out.hook(renewed);
  }

  void poll(const jn::Call& call, const jn::PollRequest& request, jn::PollSink& out) override {
    for (uint32_t i = 0; i < request.limit; ++i) {
      jn::Event event;
      event.type = "polled";
      event.id = call.join({request.cursor, "-", call.number(i)});
      event.payload = "{}";
      out.emit(event);
    }
    out.next(call.join({request.stream, "+", request.cursor}), true, 500);
  }

  void authorizeParams(const jn::Call&, const jn::OauthStart& start, jn::OauthSink& out) override {
    if (start.account_hint == "steal") out.param("state", "mine");
    out.param("audience", start.account_hint);
  }
  void parseToken(const jn::Call& call, uint32_t status, jn::Text body,
                  jn::OauthSink& out) override {
    if (status != 200) throw jn::Failure(JN_E_AUTH, "refused");
    jn::OauthToken token;
    token.access_token = call.parse(body)["authed_user"]["token"].text();
    out.token(token);
  }
  void refreshToken(const jn::Call&, const jn::OauthToken& old, jn::OauthSink& out) override {
    jn::OauthToken token = old;
    token.access_token = "new";
    token.extra = R"({"n":1})";
    out.token(token);
  }
  void identify(const jn::Call&, jn::OauthSink& out) override {
    jn::OauthAccount account;
    account.id = "42";
    account.name = "Ada";
    out.account(account);
  }
  void testConnection(const jn::Call& call, jn::Json params) override {
    if (params["bad"].present()) throw jn::Failure(JN_E_AUTH, "the token was refused");
    call.http(toApi()).orThrow("the API");
  }

 private:
  static jn::HttpRequest toApi() {
    jn::HttpRequest request;
    request.url = "https://api.example.com/me";
    request.credential = "api";
    return request;
  }
  static jn::Text hexed(const jn::Call& call, jn::Text hex) {
    const jn_str text = jn::detail::view(hex);
    jn_str raw{};
    jn::detail::check(jn::detail::host().codec->decode(call.raw(), JN_CODEC_HEX, &text, &raw),
                      "not hex");
    return jn::detail::text(raw);
  }
  static void send(const jn::Call& call, const jn::Action& action, jn::ActionSink& out) {
    jn::HttpRequest request;
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
    const jn::HttpAnswer answer = call.http(request);
    answer.orThrow("the API");
    out.result({call.object([&](jn::Writer& json) {
                  json.put("body", answer.body()).put("cookie", answer.header("Set-Cookie"));
                }),
                answer.header("X-Id"),
                {}});
  }
  static void store(const jn::Call& call, const jn::Action& action, jn::ActionSink& out) {
    const jn::Text key = action.params["key"].text();
    const uint64_t version = call.kvPut(key, action.params["value"].text());
    const bool stale = !call.kvPutIf(key, "other", version + 7);
    const auto found = call.kvGet(key);
    const bool absent = !call.kvGet("no such key");
    const size_t listed = call.kvList(key.substr(0, 1)).size();
    call.kvDelete(key);
    out.result({call.object([&](jn::Writer& json) {
                  json.put("value", found ? found->value : jn::Text());
                  json.put("stale", stale ? "yes" : "no").put("absent", absent ? "yes" : "no");
                  json.put("listed", call.number(static_cast<int64_t>(listed)));
                }),
                {},
                {}});
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Everything)
