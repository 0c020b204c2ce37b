// A connector without webhooks that gives its sinks what they must refuse, then says all went well.
#include <junctor/junctor.h>

#include <cstring>
#include <string_view>

namespace {

jn_str str(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(const jn_str& text) {
  return {text.ptr, text.len};
}
char* longText() {
  static char text[20'000];
  std::memset(text, 'x', sizeof text);
  return text;
}

jn_status execute(const jn_call*, jn_instance*, const jn_action* action,
                  const jn_action_sink* sink) {
  const std::string_view what = view(action->name);
  if (what == "throw") throw 7;
  if (what == "null") return sink->result(sink, nullptr), JN_OK;
  jn_action_result out{};
  out.struct_size = sizeof out;
  if (what == "small") out.struct_size = 8;
  if (what == "bad-json") out.data_json = str("{");
  if (what == "null-view") out.url = {nullptr, 4};
  if (what == "long-url") out.url = {longText(), 5'000};
  if (what == "control") out.external_id = str("a\x01");
  static char large[1024 * 1024 + 1];
  if (what == "large") out.data_json = {large, sizeof large};
  sink->result(sink, &out);
  if (what == "twice") sink->result(sink, &out);
  return JN_OK;
}

jn_status listFields(const jn_call*, jn_instance*, const jn_str* object,
                     const jn_field_sink* sink) {
  const std::string_view what = view(*object);
  jn_field out{};
  out.struct_size = sizeof out;
  out.type = JN_FIELD_TEXT;
  out.name = str("f");
  static const jn_kv options[2] = {{str("a"), str("\n")}, {}};
  if (what == "no-name") out.name = {};
  if (what == "no-type") out.type = 0;
  if (what == "new-type") out.type = 10;
  if (what == "bad-option") out.options = {options, 2};
  if (what == "null-options") out.options = {nullptr, 3};
  if (what == "many-options") out.options = {options, 1'000'000};
  sink->field(sink, &out);
  if (what == "twice") sink->field(sink, &out);
  if (what == "many") {
    static char names[6'000][5];
    for (auto& name : names) {
      const long n = &name - names;
      for (int i = 0; i < 4; ++i) name[i] = static_cast<char>('a' + (n >> (3 * i)) % 8);
      out.name = {name, 4};
      sink->field(sink, &out);
    }
  }
  return JN_OK;
}

jn_status subscribe(const jn_call*, jn_instance*, const jn_hook_request* request,
                    const jn_hook_sink* sink) {
  const std::string_view what = view(request->url);
  if (what == "none") return JN_OK;
  jn_hook out{};
  out.struct_size = sizeof out;
  out.id = str("h");
  if (what == "no-id") out.id = {};
  if (what == "bad-events") out.events_json = str("[1]");
  sink->hook(sink, &out);
  if (what == "two") sink->hook(sink, &out);
  return JN_OK;
}
jn_status unsubscribe(const jn_call*, jn_instance*, const jn_str*) {
  return -77;  // no such status
}
jn_status listHooks(const jn_call*, jn_instance*, const jn_hook_sink* sink) {
  jn_hook out{};
  out.struct_size = sizeof out;
  out.id = str("h");
  sink->hook(sink, &out);
  sink->hook(sink, &out);
  return JN_OK;
}

jn_status poll(const jn_call*, jn_instance*, const jn_poll_request* request,
               const jn_poll_sink* sink) {
  const std::string_view what = view(request->cursor);
  jn_event event{};
  event.struct_size = sizeof event;
  event.type = str("polled");
  event.payload_json = what == "no-payload" ? jn_str{} : str("{}");
  jn_poll_next next{};
  next.struct_size = sizeof next;
  next.cursor = what == "long-cursor" ? jn_str{longText(), 5'000} : str("c");
  if (what == "early-cursor") sink->next(sink, &next);
  sink->event(sink, &event);
  if (what != "no-cursor") sink->next(sink, &next);
  if (what == "two-cursors") sink->next(sink, &next);
  return JN_OK;
}

jn_status authorizeParams(const jn_call*, jn_instance*, const jn_oauth_start* start,
                          const jn_oauth_sink* sink) {
  const std::string_view what = view(start->account_hint);
  const jn_str name = str("a"), empty{}, state = str("client_id");
  jn_oauth_token token{};
  token.struct_size = sizeof token;
  if (what == "token") sink->token(sink, &token);
  if (what == "null") sink->param(sink, nullptr, &name);
  if (what == "empty") sink->param(sink, &empty, &name);
  if (what == "ours") sink->param(sink, &state, &name);
  return JN_OK;
}
jn_status parseToken(const jn_call*, jn_instance*, uint32_t, const jn_str* body,
                     const jn_oauth_sink* sink) {
  const std::string_view what = view(*body);
  if (what == "none") return JN_OK;
  jn_oauth_token token{};
  token.struct_size = what == "small" ? 4 : sizeof token;
  token.access_token = what == "empty" ? jn_str{} : str("t");
  if (what == "long") token.access_token = {longText(), 20'000};
  sink->token(sink, &token);
  if (what == "twice") sink->token(sink, &token);
  return JN_OK;
}
jn_status identify(const jn_call*, jn_instance*, const jn_oauth_sink* sink) {
  jn_oauth_account account{};
  account.struct_size = sizeof account;
  sink->account(sink, &account);
  return JN_OK;
}

jn_status create(const jn_call*, const jn_str*, jn_instance** out) {
  static int instance;
  *out = reinterpret_cast<jn_instance*>(&instance);
  return JN_OK;
}
void destroy(jn_instance*) {}
jn_status open(const jn_plugin*, const jn_host*) {
  return JN_OK;
}

const void* interfaceOf(const jn_plugin*, const char* id) {
  static const jn_connector kConnector = {sizeof(jn_connector), 0, create, destroy, nullptr};
  static const jn_actions kActions = {sizeof(jn_actions), 0, execute};
  static const jn_fields kFields = {sizeof(jn_fields), 0, listFields};
  static const jn_hooks kHooks = {sizeof(jn_hooks), 0, subscribe, unsubscribe, nullptr, listHooks};
  static const jn_poll kPoll = {sizeof(jn_poll), 0, poll};
  static const jn_oauth kOauth = {sizeof(jn_oauth), 0,       authorizeParams,
                                  parseToken,       nullptr, identify};
  const std::string_view wanted(id);
  if (wanted == JN_CONNECTOR_ID) return &kConnector;
  if (wanted == JN_ACTIONS_ID) return &kActions;
  if (wanted == JN_FIELDS_ID) return &kFields;
  if (wanted == JN_HOOKS_ID) return &kHooks;
  if (wanted == JN_POLL_ID) return &kPoll;
  if (wanted == JN_OAUTH_ID) return &kOauth;
  return nullptr;
}

}  // namespace

const jn_plugin* junctor_plugin_v1(uint32_t) {
  static const jn_plugin kPlugin = {sizeof(jn_plugin),
                                    JN_ABI_MAJOR,
                                    0,
                                    0,
                                    str(JUNCTOR_CONNECTOR_ID),
                                    str(JUNCTOR_CONNECTOR_VERSION),
                                    open,
                                    nullptr,
                                    interfaceOf};
  return &kPlugin;
}
