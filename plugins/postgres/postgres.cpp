// PostgreSQL: a statement is the operator's, its parameters are the caller's.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

class Postgres final : public jnc::DeclaredActions {
 public:
  Postgres(const jnc::Call& call, const Json& settings) : DeclaredActions(call, settings) {}

  void execute(const jnc::Call& call, const jnc::Action& action, jnc::ActionSink& out) override {
    if (action.name != "run") return DeclaredActions::execute(call, action, out);
    const Json manifest = declared(call), own = settings(call);
    const Json run_action = manifest["actions"]["run"];
    checkParams(action.params, run_action["input"]);
    const std::string name(action.params["statement"].text());
    const Text sql = own["statements"][name].text();
    if (sql.empty()) throw jnc::invalid("settings.statements has no '" + name + "'");
    jnc::Writer params(call.raw());
    params.object().key("statement").value(sql).key("params");
    if (action.params["params"].isArray()) {
      params.value(action.params["params"]);
    } else {
      params.array().close();
    }
    const Json given = call.parse(params.close().end());
    run(call, manifest, "run", run_action, {given, {}, own, action.idempotency_key}, out);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Postgres)
