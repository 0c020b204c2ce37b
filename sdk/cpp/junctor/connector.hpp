// The C++ SDK: one header over the C ABI (C++17 or later). A connector is a class:
//
//   class Acme : public jnc::Connector {
//    public:
//     Acme(const jnc::Call& call, jnc::Json settings);            // throws jnc::Failure
//     void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override
//     {
//       const jnc::Json body = request.json(call);
//       jnc::Event event;
//       event.type = body["type"].text();
//       event.id = body["id"].text();
//       events.emit(event);
//     }
//   };
//   JUNCTOR_CONNECTOR(Acme)
//
// What else it offers it derives from: jnc::Actions, jnc::Fields, jnc::Hooks, jnc::Polls, … (see
// interfaces.hpp); a class without webhooks derives from those alone. Calls on one object never
// overlap.
//
// Every call from the host passes an exception barrier: jnc::Failure becomes its status and
// message, anything else JN_E_INTERNAL. All texts (std::string_view) given by this SDK live until
// the call ends, and nothing needs freeing. An absent Json may be asked anything; it answers empty.
#ifndef JUNCTOR_CONNECTOR_HPP
#define JUNCTOR_CONNECTOR_HPP

#include <junctor/interfaces.hpp>
#include <memory>
#include <type_traits>

namespace jnc {

// The usual connector: one that takes webhooks.
class Connector : public Webhooks {};

namespace detail {

// The functions of the ABI's tables (tables.hpp) over an object of class T.
template <class T>
struct Adapter {
  template <class Interface>
  static constexpr bool kIs = std::is_base_of_v<Interface, T>;
  static T& object(jn_instance* instance) { return *reinterpret_cast<T*>(instance); }
  // Only for a T that offers the interface; the tables hold NULL for the others.
  template <class Interface, class Body>
  static void as(jn_instance* instance, Body&& body) {
    if constexpr (kIs<Interface>) {
      body(static_cast<Interface&>(object(instance)));
    } else {
      throw Failure(JN_E_UNSUPPORTED, "this connector does not offer that");
    }
  }

  static constexpr bool kHasTest = kIs<TestsConnection>;
  static constexpr bool kHasVerify = kIs<VerifiesWebhooks>;
  static constexpr bool kHasRenew = kIs<RenewsHooks>;
  static constexpr bool kHasAuthorizeParams = kIs<AddsOauthParams>;
  static constexpr bool kHasParseToken = kIs<ReadsOauthTokens>;
  static constexpr bool kHasRefresh = kIs<RefreshesOauthTokens>;
  static constexpr bool kHasIdentify = kIs<IdentifiesAccounts>;
  static constexpr bool kHasOauth =
      kHasAuthorizeParams || kHasParseToken || kHasRefresh || kHasIdentify;

  static void create(const jn_call* call, const jn_str* config, jn_instance** out) {
    const Call wrapped(call);
    auto made = std::make_unique<T>(wrapped, wrapped.parse(text(*config)));
    *out = reinterpret_cast<jn_instance*>(made.release());
  }
  static void destroy(jn_instance* instance) { delete &object(instance); }
  static void test(const jn_call* call, jn_instance* instance, const jn_str* params) {
    as<TestsConnection>(instance, [&](TestsConnection& it) {
      const Call wrapped(call);
      it.testConnection(wrapped, wrapped.parse(text(*params)));
    });
  }
  static void verify(const jn_call* call, jn_instance* instance, const jn_http_in* request) {
    as<VerifiesWebhooks>(instance,
                         [&](VerifiesWebhooks& it) { it.verify(Call(call), Request(request)); });
  }
  static void handle(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                     const jn_webhook_sink* sink) {
    as<Webhooks>(instance, [&](Webhooks& it) {
      Events events(sink);
      it.handle(Call(call), Request(request), events);
    });
  }
  static void execute(const jn_call* call, jn_instance* instance, const jn_action* action,
                      const jn_action_sink* sink) {
    as<Actions>(instance, [&](Actions& it) {
      const Call wrapped(call);
      ActionSink out(sink);
      it.execute(wrapped,
                 {text(action->name), wrapped.parse(text(action->params_json)),
                  text(action->idempotency_key)},
                 out);
    });
  }
  // fields/1 and hooks/1 both call theirs `list`.
  static void list(const jn_call* call, jn_instance* instance, const jn_str* name,
                   const jn_field_sink* sink) {
    as<Fields>(instance, [&](Fields& it) {
      FieldSink out(sink);
      it.listFields(Call(call), text(*name), out);
    });
  }
  static void list(const jn_call* call, jn_instance* instance, const jn_hook_sink* sink) {
    as<Hooks>(instance, [&](Hooks& it) {
      HookSink out(sink);
      it.listHooks(Call(call), out);
    });
  }
  static void subscribe(const jn_call* call, jn_instance* instance, const jn_hook_request* request,
                        const jn_hook_sink* sink) {
    as<Hooks>(instance, [&](Hooks& it) {
      const Call wrapped(call);
      HookSink out(sink);
      it.subscribe(wrapped,
                   {text(request->url), wrapped.parse(text(request->events_json)),
                    text(request->signing_secret)},
                   out);
    });
  }
  static void unsubscribe(const jn_call* call, jn_instance* instance, const jn_str* hook_id) {
    as<Hooks>(instance, [&](Hooks& it) { it.unsubscribe(Call(call), text(*hook_id)); });
  }
  static void renew(const jn_call* call, jn_instance* instance, const jn_hook* hook,
                    const jn_hook_sink* sink) {
    as<RenewsHooks>(instance, [&](RenewsHooks& it) {
      HookSink out(sink);
      it.renew(
          Call(call),
          {text(hook->id), text(hook->url), text(hook->events_json), text(hook->signing_secret),
           hook->expires_ms, (hook->flags & JN_HOOK_DISABLED) != 0},
          out);
    });
  }
  static void poll(const jn_call* call, jn_instance* instance, const jn_poll_request* request,
                   const jn_poll_sink* sink) {
    as<Polls>(instance, [&](Polls& it) {
      PollSink out(sink);
      it.poll(Call(call),
              {text(request->stream), text(request->cursor), request->since_ms, request->limit},
              out);
    });
  }
  static void authorize_params(const jn_call* call, jn_instance* instance,
                               const jn_oauth_start* start, const jn_oauth_sink* sink) {
    as<AddsOauthParams>(instance, [&](AddsOauthParams& it) {
      OauthSink out(sink);
      it.authorizeParams(
          Call(call), {text(start->redirect_uri), text(start->scopes), text(start->account_hint)},
          out);
    });
  }
  static void parse_token(const jn_call* call, jn_instance* instance, uint32_t http_status,
                          const jn_str* body, const jn_oauth_sink* sink) {
    as<ReadsOauthTokens>(instance, [&](ReadsOauthTokens& it) {
      OauthSink out(sink);
      it.parseToken(Call(call), http_status, text(*body), out);
    });
  }
  static void refresh(const jn_call* call, jn_instance* instance, const jn_oauth_token* old,
                      const jn_oauth_sink* sink) {
    as<RefreshesOauthTokens>(instance, [&](RefreshesOauthTokens& it) {
      OauthSink out(sink);
      it.refreshToken(Call(call),
                      {text(old->access_token), text(old->refresh_token), text(old->token_type),
                       text(old->scopes), text(old->extra_json), old->expires_ms},
                      out);
    });
  }
  static void identify(const jn_call* call, jn_instance* instance, const jn_oauth_sink* sink) {
    as<IdentifiesAccounts>(instance, [&](IdentifiesAccounts& it) {
      OauthSink out(sink);
      it.identify(Call(call), out);
    });
  }
};

template <class T>
struct Plugin {
  static jn_status open(const jn_plugin*, const jn_host* from) noexcept {
    Host& to = host();
    to.fetchAll(from);
    return to.json && to.codec && to.clock && to.log ? JN_OK : JN_E_UNSUPPORTED;
  }
  static void close(const jn_plugin*) noexcept { host() = Host(); }
  static const void* interfaceOf(const jn_plugin*, const char* id) noexcept {
    using A = Adapter<T>;
    if (!id) return nullptr;
    const Text wanted(id);
    if (wanted == JN_CONNECTOR_ID) return &ConnectorTable<A>::kTable;
    if (A::template kIs<Webhooks> && wanted == JN_WEBHOOK_ID) return &WebhookTable<A>::kTable;
    if (A::template kIs<Actions> && wanted == JN_ACTIONS_ID) return &ActionsTable<A>::kTable;
    if (A::template kIs<Fields> && wanted == JN_FIELDS_ID) return &FieldsTable<A>::kTable;
    if (A::template kIs<Hooks> && wanted == JN_HOOKS_ID) return &HooksTable<A>::kTable;
    if (A::template kIs<Polls> && wanted == JN_POLL_ID) return &PollTable<A>::kTable;
    if (A::kHasOauth && wanted == JN_OAUTH_ID) return &OauthTable<A>::kTable;
    return nullptr;
  }
  static const jn_plugin* table(Text id, Text version) noexcept {
    static const jn_plugin kPlugin = {sizeof(jn_plugin), JN_ABI_MAJOR, 0,     0,          view(id),
                                      view(version),     open,         close, interfaceOf};
    return &kPlugin;
  }
};

}  // namespace detail
}  // namespace jnc

// Exports `Class` as the connector of this library. Id and version come from manifest.json through
// junctor_add_connector().
#define JUNCTOR_CONNECTOR(Class)                                                               \
  extern "C" const jn_plugin* junctor_plugin_v1(uint32_t) {                                    \
    return jnc::detail::Plugin<Class>::table(JUNCTOR_CONNECTOR_ID, JUNCTOR_CONNECTOR_VERSION); \
  }

#endif
