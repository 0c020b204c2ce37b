// Declared hooks in the C++ SDK: webhook subscriptions at the provider as the manifest describes
// them
// ("hooks"; sdk/README.md has the format). A connector takes them over by deriving from
// jnc::DeclaredHooks, or from jnc::RenewedHooks if they expire; its manifest names junctor.hooks/1.
//
// Places in the requests: {url} of the integration, {events}, {event} where the provider wants a
// hook for each ("each"), {secret} that the host made up, {id} of the hook, {expires} as RFC 3339,
// {settings.name}. The id of several hooks is theirs, joined by commas.
#ifndef JUNCTOR_DECLARED_HOOKS_HPP
#define JUNCTOR_DECLARED_HOOKS_HPP

#include <junctor/declared.hpp>

namespace jnc {

class DeclaredHooks : public Hooks {
 public:
  DeclaredHooks(const Call&, const Json& settings)
      : settings_(settings.isObject() ? settings.dump() : Text("{}")) {}

  // One that has the same URL already is taken away first: its secret is not known here.
  void subscribe(const Call& call, const HookRequest& request, HookSink& out) override {
    const Work work(call, settings_);
    work.forEachHook([&](const Hook& hook) {
      if (hook.url == request.url) work.remove(hook.id);
    });
    const bool chosen = request.events.isArray() && request.events.size() > 0;
    const Json events = chosen ? request.events : work.hooks["events"];
    if (work.hooks["each"].boolean().value_or(false)) {
      work.subscribeEach(request, events, out);
    } else {
      work.give("subscribe", work.params({}, request.url, events, request.signing_secret), out);
    }
  }

  void unsubscribe(const Call& call, Text hook_id) override {
    Work(call, settings_).remove(hook_id);
  }

  void listHooks(const Call& call, HookSink& out) override {
    const Work work(call, settings_);
    if (!work.hooks["list"].present()) throw Failure(JN_E_UNSUPPORTED, "hooks cannot be listed");
    work.forEachHook([&](const Hook& hook) { out.hook(hook); });
  }

 protected:
  // What one call needs; each text is parsed once.
  struct Work {
    Work(const Call& of, const std::string& settings_json)
        : call(of),
          manifest(detail::declaredManifest(of)),
          hooks(manifest["hooks"]),
          settings(of.parse(settings_json)),
          requests(of, manifest) {}

    int64_t expiresMs() const {
      const int64_t lifetime_s = hooks["lifetime_s"].integer().value_or(0);
      return lifetime_s > 0 ? call.nowMs() + lifetime_s * 1000 : 0;
    }

    Json params(Text id, Text url, const Json& events, Text secret, Text event = {}) const {
      const std::string expires = expiresMs() > 0 ? timeText(expiresMs()) : "";
      Writer out(call.raw());
      out.object().put("id", id).put("url", url).put("events", events).put("secret", secret);
      out.put("event", event);
      return call.parse(out.put("expires", Text(expires)).close().end());
    }

    HttpAnswer ask(const char* which, const Json& params, bool repeatable) const {
      const Values values{params, {}, settings, {}};
      return requests.send(requests.prepare(hooks[which]["request"], values, false), {}, repeatable,
                           which);
    }

    // What follows the last "id_after" of what the provider calls its id: of an address, say.
    Text idOf(Text found) const {
      const Text after = hooks["id_after"].text();
      const size_t at = after.empty() ? Text::npos : found.rfind(after);
      return at == Text::npos ? found : found.substr(at + after.size());
    }

    // What was made before one fails is taken away again.
    void subscribeEach(const HookRequest& request, const Json& events, HookSink& out) const {
      std::string ids;
      try {
        for (const auto& each : events) {
          const Json answer = requests.read(ask(
              "subscribe",
              params({}, request.url, events, request.signing_secret, each.value.text()), false));
          const Text id = idOf(answer.at(hooks["subscribe"]["result"]["id"].text()).text());
          if (id.empty()) throw Failure(JN_E_UNAVAILABLE, "the provider's answer names no hook");
          ids += (ids.empty() ? "" : ",") + std::string(id);
        }
      } catch (const Failure&) {
        remove(ids);
        throw;
      }
      if (ids.empty()) throw invalid("no event is named");
      Hook hook;
      hook.id = ids;
      hook.url = request.url;
      hook.events = events.dump();
      hook.expires_ms = expiresMs();
      out.hook(hook);
    }

    // Sends `which` and gives the hook that it answers with.
    void give(const char* which, const Json& params, HookSink& out) const {
      const Json answer = requests.read(ask(which, params, false));
      const Json result = hooks[which]["result"];
      Hook hook;
      hook.id = result["id"].present() ? idOf(answer.at(result["id"].text()).text())
                                       : params["id"].text();
      if (hook.id.empty()) throw Failure(JN_E_UNAVAILABLE, "the provider's answer names no hook");
      hook.url = params["url"].text();
      hook.events = params["events"].present() ? params["events"].dump() : Text("[]");
      const bool apart = hooks[which]["secret_request"].present();
      const Json told = apart ? secretOf(which, hook) : answer;
      if (result["secret"].present()) {
        hook.signing_secret = told.at(result["secret"].text()).text();
      }
      const Json expires = answer.at(result["expires"].text());
      hook.expires_ms = result["expires"].present() ? call.time(expires.text()) : expiresMs();
      out.hook(hook);
    }

    // Of a provider that tells the secret when it is asked for it alone.
    Json secretOf(const char* which, const Hook& hook) const {
      const Json one = params(hook.id, hook.url, call.parse("[]"), {});
      const Values values{one, {}, settings, {}};
      return requests.read(requests.send(
          requests.prepare(hooks[which]["secret_request"], values, false), {}, true, which));
    }

    void remove(Text hook_ids) const {
      while (!hook_ids.empty()) {
        const size_t comma = hook_ids.find(',');
        removeOne(hook_ids.substr(0, comma));
        hook_ids = comma == Text::npos ? Text() : hook_ids.substr(comma + 1);
      }
    }

    void removeOne(Text hook_id) const {
      try {
        ask("unsubscribe", params(hook_id, {}, {}, {}), true);
      } catch (const Failure& failure) {
        if (failure.status() != JN_E_NOT_FOUND) throw;  // gone already
      }
    }

    // Of a provider that lists none there are none.
    template <class Take>
    void forEachHook(Take&& take) const {
      const Json how = hooks["list"];
      if (!how.present()) return;
      const Json answer = requests.read(ask("list", params({}, {}, {}, {}), true));
      for (const auto& item : answer.at(how["items"].text())) {
        Hook hook;
        hook.id = idOf(item.value.at(how["id"].text()).text());
        hook.url = item.value.at(how["url"].text()).text();
        hook.events = "[]";
        if (!hook.id.empty()) take(hook);
      }
    }

    const Call& call;
    const Json manifest, hooks, settings;
    const DeclaredRequests requests;
  };

  const std::string settings_;
};

class RenewedHooks : public DeclaredHooks, public RenewsHooks {
 public:
  using DeclaredHooks::DeclaredHooks;

  // NotFound if the provider knows it no more.
  void renew(const Call& call, const Hook& hook, HookSink& out) override {
    const Work work(call, settings_);
    work.give("renew", work.params(hook.id, hook.url, call.parse(hook.events), {}), out);
  }
};

}  // namespace jnc

#endif
