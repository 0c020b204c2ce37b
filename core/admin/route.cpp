#include "admin/route.h"

#include <algorithm>

#include "base/bytes.h"

namespace junctor::admin {

bool fits(std::string_view pattern, std::string_view path,
          std::map<std::string, std::string>& parameters) {
  parameters.clear();
  while (!pattern.empty() && !path.empty()) {
    if (pattern.front() != '/' || path.front() != '/') return false;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    const std::string_view wanted = pattern.substr(0, pattern.find('/'));
    const std::string_view given = path.substr(0, path.find('/'));
    if (wanted.starts_with('{')) {
      const auto decoded = percentDecode(given);
      if (!decoded || decoded->empty()) return false;
      parameters[std::string(wanted.substr(1, wanted.size() - 2))] = *decoded;
    } else if (wanted != given) {
      return false;
    }
    pattern.remove_prefix(wanted.size());
    path.remove_prefix(given.size());
  }
  return pattern.empty() && path.empty();
}

}  // namespace junctor::admin
