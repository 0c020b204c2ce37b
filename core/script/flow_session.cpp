#include "script/flow_session.h"

#include "script/context.h"

namespace junctor::script {

const Step* FlowSession::visit(const std::string& key) {
  visited_.insert(key);
  const auto found = memory_.find(key);
  return found == memory_.end() ? nullptr : &found->second;
}

std::string FlowSession::missed() const {
  for (const auto& [key, step] : memory_) {
    if (!visited_.contains(key)) return key + " (" + step.kind + " " + step.target + ")";
  }
  return "";
}

FlowSession& flowOf(lua_State* L) {
  FlowSession* session = contextOf(L).flow;
  if (session == nullptr)
    luaL_error(L, "steps are made in the run function of a flow, nowhere else");
  return *session;
}

bool flowEnded(lua_State* L) {
  const FlowSession* session = contextOf(L).flow;
  return session != nullptr && session->end != FlowSession::End::None;
}

}  // namespace junctor::script
