#include "flow/rule_history.h"

#include <algorithm>

#include "base/json_value.h"
#include "base/limits.h"
#include "script/rules.h"

namespace junctor::flow {
namespace {

std::string kindOf(const std::string& tenant) {
  return "rule_version:" + tenant;
}
std::string keyOf(const RuleScript& script) {
  return script.name + "/" + script.version;
}

const RuleScript* named(const std::vector<RuleScript>& scripts, const std::string& name) {
  const auto found = std::find_if(scripts.begin(), scripts.end(),
                                  [&](const RuleScript& one) { return one.name == name; });
  return found == scripts.end() ? nullptr : &*found;
}

bool holds(const std::vector<RuleScript>& scripts, const RuleScript& script) {
  const RuleScript* found = named(scripts, script.name);
  return found && found->version == script.version;
}

RuleState stateOf(const Tenant& tenant, const RuleVersion& version) {
  if (holds(tenant.rules, version.script)) return RuleState::Live;
  if (holds(tenant.shadows, version.script)) return RuleState::Shadow;
  return version.live_at_ms != 0 ? RuleState::Retired : RuleState::Draft;
}

Result<RuleVersion> versionOf(const std::string& tenant, const std::string& text) {
  JUNCTOR_TRY(const Json json, parseJson(text));
  RuleVersion version;
  version.script = {tenant, json.value("name", ""), json.value("source", ""),
                    json.value("version", "")};
  version.note = json.value("note", "");
  version.created_at_ms = json.value("created_at_ms", int64_t{0});
  version.live_at_ms = json.value("live_at_ms", int64_t{0});
  version.retired_at_ms = json.value("retired_at_ms", int64_t{0});
  return version;
}

}  // namespace

std::string_view toString(RuleState state) {
  constexpr std::string_view kNames[] = {"draft", "shadow", "live", "retired"};
  return kNames[static_cast<size_t>(state)];
}

Result<std::vector<RuleVersion>> RuleHistory::stored(const std::string& tenant,
                                                     const std::string& name) {
  JUNCTOR_TRY(const auto documents, store_.documents(kindOf(tenant)));
  std::vector<RuleVersion> found;
  for (const auto& [key, text] : documents) {
    if (!name.empty() && !key.starts_with(name + "/")) continue;
    JUNCTOR_TRY(RuleVersion version, versionOf(tenant, text));
    found.push_back(std::move(version));
  }
  return found;
}

Result<std::vector<RuleVersion>> RuleHistory::versions(const Tenant& tenant,
                                                       const std::string& name) {
  JUNCTOR_TRY(auto found, stored(tenant.id, name));
  for (const auto* scripts :
       {&tenant.rules, &tenant.shadows}) {  // applied before there was history
    for (const RuleScript& script : *scripts) {
      const bool known = std::any_of(found.begin(), found.end(), [&](const RuleVersion& one) {
        return one.script.name == script.name && one.script.version == script.version;
      });
      if (!known && (name.empty() || script.name == name)) {
        found.push_back({script, RuleState::Live, "", 0, 0, 0});
      }
    }
  }
  for (RuleVersion& version : found) version.state = stateOf(tenant, version);
  std::stable_sort(found.begin(), found.end(), [](const RuleVersion& a, const RuleVersion& b) {
    if (a.script.name != b.script.name) return a.script.name < b.script.name;
    const bool a_live = a.state == RuleState::Live;
    const bool b_live = b.state == RuleState::Live;
    if (a_live != b_live) return a_live;
    return std::max(a.live_at_ms, a.created_at_ms) > std::max(b.live_at_ms, b.created_at_ms);
  });
  return found;
}

Result<RuleVersion> RuleHistory::find(const Tenant& tenant, const std::string& name,
                                      const std::string& version) {
  constexpr size_t kDigitsMin = 4;
  JUNCTOR_TRY(const auto all, versions(tenant, name));
  const RuleVersion* found = nullptr;
  for (const RuleVersion& one : all) {
    if (version.size() < kDigitsMin || !one.script.version.starts_with(version)) continue;
    if (found) return invalidArgument("several versions begin with " + version);
    found = &one;
  }
  if (!found) return notFound("rule " + name + " has no version " + version);
  return *found;
}

Result<RuleVersion> RuleHistory::previous(const Tenant& tenant, const std::string& name) {
  JUNCTOR_TRY(const auto all, versions(tenant, name));
  const RuleVersion* found = nullptr;
  for (const RuleVersion& one : all) {
    if (one.state != RuleState::Retired) continue;
    if (!found || one.retired_at_ms > found->retired_at_ms) found = &one;
  }
  if (!found) return notFound("rule " + name + " has no earlier version that was live");
  return *found;
}

Result<void> RuleHistory::put(const std::string& tenant, const RuleVersion& version) {
  const Json json = {{"name", version.script.name},
                     {"version", version.script.version},
                     {"source", version.script.source},
                     {"note", version.note},
                     {"created_at_ms", version.created_at_ms},
                     {"live_at_ms", version.live_at_ms},
                     {"retired_at_ms", version.retired_at_ms}};
  return store_.putDocument(kindOf(tenant), keyOf(version.script), dumpJson(json));
}

Result<void> RuleHistory::draft(const std::string& tenant, const RuleScript& script,
                                const std::string& note) {
  JUNCTOR_TRY(const auto known, stored(tenant, script.name));
  for (const RuleVersion& one : known) {
    if (one.script.version == script.version) return {};  // the same content: the same version
  }
  RuleVersion version;
  version.script = script;
  version.note = note;
  version.created_at_ms = clock_.unixMs();
  return put(tenant, version);
}

Result<void> RuleHistory::wentLive(const std::string& tenant, const RuleScript& script) {
  JUNCTOR_TRY(const auto known, stored(tenant, script.name));
  RuleVersion version;
  version.script = script;
  version.created_at_ms = clock_.unixMs();
  for (const RuleVersion& one : known) {
    if (one.script.version == script.version) version = one;
  }
  version.live_at_ms = clock_.unixMs();
  return put(tenant, version);
}

Result<void> RuleHistory::record(const Tenant* before, const Tenant& after) {
  for (const RuleScript& script : after.shadows) JUNCTOR_CHECK(draft(after.id, script, ""));
  for (const RuleScript& script : after.rules) {
    if (before && holds(before->rules, script)) continue;
    JUNCTOR_CHECK(wentLive(after.id, script));
    JUNCTOR_CHECK(prune(after, script.name));
  }
  if (!before) return {};
  for (const RuleScript& script : before->rules) {
    if (holds(after.rules, script)) continue;
    JUNCTOR_TRY(const auto known, stored(after.id, script.name));
    RuleVersion version;
    version.script = script;
    version.created_at_ms = version.live_at_ms = clock_.unixMs();
    for (const RuleVersion& one : known) {
      if (one.script.version == script.version) version = one;
    }
    version.retired_at_ms = clock_.unixMs();
    JUNCTOR_CHECK(put(after.id, version));
  }
  return {};
}

// The versions that flows under way began with; none if there is too much to look through.
Result<std::optional<std::set<std::string>>> RuleHistory::underWay(const std::string& tenant) {
  constexpr int kPagesMax = 20;
  store::DeliveryQuery query;
  query.tenant = tenant;
  query.state = DeliveryState::Pending;
  query.limit = limits::kPageMax;
  std::set<std::string> versions;
  for (int pages = 0; pages < kPagesMax; ++pages) {
    JUNCTOR_TRY(const auto page, store_.listDeliveries(query));
    for (const Delivery& delivery : page.items) {
      if (isFlow(delivery.destination)) versions.insert(delivery.rule_version);
    }
    query.cursor = page.next_cursor;
    if (query.cursor.empty()) return std::optional(std::move(versions));
  }
  return std::optional<std::set<std::string>>();
}

// The oldest go first; what is in use stays.
Result<void> RuleHistory::prune(const Tenant& tenant, const std::string& name) {
  JUNCTOR_TRY(const auto all, versions(tenant, name));
  size_t kept = 0;
  bool asked = false;
  std::optional<std::set<std::string>> running;
  for (const RuleVersion& one : all) {
    if (one.state == RuleState::Live || one.state == RuleState::Shadow) continue;
    if (++kept <= limits::kRuleVersionsKeptMax) continue;
    if (!asked) {
      JUNCTOR_TRY(running, underWay(tenant.id));
      asked = true;
    }
    if (!running || running->contains(script::labelOf(one.script))) continue;
    JUNCTOR_CHECK(store_.removeDocument(kindOf(tenant.id), keyOf(one.script)));
  }
  return {};
}

}  // namespace junctor::flow
