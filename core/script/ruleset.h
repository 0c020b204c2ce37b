#pragma once
// CompiledRuleset: what compileRules makes of a tenant's scripts. Declarations are data; functions
// stay in the script and are found again by where they stood.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
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

struct RouteRule {
  std::string name;
  size_t position = 0;  // in `rules`, from 1
  int64_t priority = 0;
  std::vector<Clause> when;
  int where_line = 0;  // 0: no `where`
  std::vector<std::string> to;
  std::string drop;  // reason; "" = not a drop rule
  bool stop = false;
  std::optional<size_t> key_slot;
};

struct RouteTable {
  size_t script = 0;
  size_t declaration = 0;
  bool first_only = false;
  std::vector<RouteRule> rules;  // by priority, then as written
  std::vector<std::string> otherwise;

  // Rules (by index) that an event of this type can match. Types named in full have their own
  // list; the others share the list of rules with globs or without a type.
  const std::vector<uint32_t>& candidates(const std::string& type) const;
  void buildIndex(size_t type_slot);

 private:
  std::map<std::string, std::vector<uint32_t>, std::less<>> by_type_;
  std::vector<uint32_t> any_type_;
};

class CompiledRuleset final : public Ruleset {
 public:
  size_t routeCount() const override;
  size_t normalizerCount() const override { return normalizers.size(); }
  std::vector<std::string> destinations() const override;

  // The slot of a path, the same for the same text.
  size_t slotOf(const Path& path);

  uint64_t id = 0;  // unique in the process
  std::vector<ScriptText> scripts;
  std::vector<Normalizer> normalizers;
  std::vector<RouteTable> tables;
  std::vector<Path> paths;
};

}  // namespace junctor::script
