// Any REST API: one request as the caller words it, or actions that the integration's settings
// declare in the way of a manifest.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;

class Http final : public jnc::DeclaredActions {
 public:
  Http(const jnc::Call& call, const Json& settings) : DeclaredActions(call, settings) {}

  void execute(const jnc::Call& call, const jnc::Action& action, jnc::ActionSink& out) override {
    if (action.name != "call") return DeclaredActions::execute(call, action, out);
    const Json manifest = declared(call), own = settings(call);
    checkParams(action.params, manifest["actions"]["call"]["input"]);
    const std::string name(action.params["name"].text());
    const Json wanted = own["actions"][name];
    if (!wanted.isObject()) throw jnc::invalid("settings.actions declares no '" + name + "'");
    const Json given = action.params["params"];
    const Json params = given.isObject() ? given : call.parse("{}");
    if (wanted["input"].isObject()) checkParams(params, wanted["input"]);
    run(call, manifest, name, wanted, {params, wanted["input"], own, action.idempotency_key}, out);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Http)
