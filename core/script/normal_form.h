#pragma once
// NormalForm: what a normalizer's handler returned, as fields of the event.
#include <cstdint>
#include <optional>
#include <string>

#include "model/event.h"
#include "script/lua_api.h"
#include "script/ruleset.h"

namespace junctor::script {

// From the returned table: `type`, `at` (or `occurred_at`), `resource {type, id}` and `actor` set
// the event's fields; all else, `id` included, is the canonical data. Without `resource`, a
// resource is made of `id` and the type's first word ("ticket.opened" -> "ticket").
struct NormalForm {
  bool present = false;  // false: nil was returned, the event stays as it is
  std::optional<std::string> type;
  std::optional<int64_t> occurred_at_ms;
  std::optional<Resource> resource;
  std::optional<std::string> actor_json;
  std::string data_json;

  void applyTo(Event& event) &&;
};

// Reads the value on top of the stack. Raises what is wrong.
NormalForm readNormalForm(lua_State* L, const Normalizer& normalizer, const Event& event);

}  // namespace junctor::script
