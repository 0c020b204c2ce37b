#pragma once
// The table of checks. A check is a small function over a Session; it runs in a child of its own.
#include <span>

#include "conformance/conformance.h"
#include "conformance/outcome.h"

namespace junctor::conformance {

class Session;

struct Check {
  const char* id;
  Level level;
  const char* proves;
  const char* cure;
  Outcome (*run)(Session&);
  int timeout_s = 20;
  bool runs_code = true;    // false: reads the file alone
  bool own_limits = false;  // installs its own system call filter
};

struct Group {
  const char* name;
  std::span<const Check> checks;
};
std::span<const Group> groups();

std::span<const Check> staticChecks();
std::span<const Check> loadChecks();
std::span<const Check> contractChecks();
std::span<const Check> webhookChecks();
std::span<const Check> actionChecks();

// '*' any text, '?' any one character.
bool globMatches(std::string_view pattern, std::string_view text);

}  // namespace junctor::conformance
