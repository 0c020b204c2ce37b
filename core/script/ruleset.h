#pragma once
// CompiledRuleset: what compileRules makes of a tenant's scripts. Declarations are data; functions
// stay in the script and are found again by where they stood.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "script/matcher.h"
#include "script/rules.h"

namespace junctor::script {

// A script and the name its errors carry: "name@version".
struct ScriptText {
  std::string label;
  std::string source;
};

struct Normalizer {
  size_t script = 0;
  size_t declaration = 0;  // 1 = first jn.normalize or jn.route that the script calls
  int line = 0;            // of its function
  std::vector<Clause> accepts;
  std::vector<std::vector<size_t>> has;  // each: one of these payload paths must exist
  std::vector<Glob> emits;               // empty: any type
};

// A destination as a route names it.
struct Target {
  std::string destination;
  std::string mapping;  // "connector/object", "" = none
};

struct RouteRule {
  std::string name;
  size_t position = 0;  // in `rules`, from 1
  int64_t priority = 0;
  std::vector<Clause> when;
  int where_line = 0;  // 0: no `where`
  std::vector<Target> to;
  std::string drop;  // reason; "" = not a drop rule
  bool stop = false;
  std::optional<size_t> key_slot;
  Priority priority_class = Priority::Normal;
  bool latest_only = false;
};

struct RouteTable {
  size_t script = 0;
  size_t declaration = 0;
  bool first_only = false;
  std::vector<RouteRule> rules;  // by priority, then as written
  std::vector<Target> otherwise;

  // Rules (by index) that an event of this type can match. Types named in full have their own
  // list; the others share the list of rules with globs or without a type.
  const std::vector<uint32_t>& candidates(const std::string& type) const;
  void buildIndex(size_t type_slot);

 private:
  std::map<std::string, std::vector<uint32_t>, std::less<>> by_type_;
  std::vector<uint32_t> any_type_;
};

// One section of a jn.map: a mapping as data, and perhaps functions for what data cannot say.
struct LuaMap {
  size_t script = 0;
  size_t declaration = 0;
  int in_line = 0, out_line = 0;  // of after_in and after_out; 0: none
  mapping::EntryPtr entry;
};

// A jn.flow: native conditions start it, its function is run by the flow's host.
struct Flow {
  FlowInfo info;
  size_t script = 0;
  size_t declaration = 0;
  int line = 0;  // of its function
  std::vector<Clause> when;
  std::optional<size_t> key_slot;
};

// A lookup table, parsed.
struct Lookup {
  JsonDoc document;
  std::unordered_map<std::string_view, JsonView> values;
};

class CompiledRuleset final : public Ruleset {
 public:
  size_t routeCount() const override;
  size_t normalizerCount() const override { return normalizers.size(); }
  std::vector<std::string> destinations() const override;
  std::vector<std::string> versions() const override;
  const std::string& versionText() const override { return version_text; }
  size_t flowCount() const override { return flows.size(); }
  const FlowInfo* flow(std::string_view name, std::string_view rule_version) const override;
  std::vector<FlowInfo> flowInfos() const override;
  mapping::EntryPtr mapping(std::string_view name) const override;
  std::vector<mapping::EntryPtr> mappings() const override;

  // The slot of a path, the same for the same text.
  size_t slotOf(const Path& path);

  uint64_t id = 0;  // unique in the process
  std::string version_text;
  std::vector<ScriptText> scripts;
  std::vector<Normalizer> normalizers;
  std::vector<RouteTable> routes;
  std::vector<Flow> flows;
  std::vector<Path> paths;
  std::map<std::string, LuaMap, std::less<>> maps;
  mapping::BookPtr book;
  std::map<std::string, std::unique_ptr<Lookup>, std::less<>> tables;
};

}  // namespace junctor::script
