#include "model/event.h"

#include <algorithm>

#include "base/bytes.h"

namespace junctor {

const std::string* findHeader(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (equalsIgnoreCase(key, name)) return &value;
  }
  return nullptr;
}

size_t countHeader(const Headers& headers, std::string_view name) {
  return static_cast<size_t>(std::count_if(headers.begin(), headers.end(), [&](const Header& h) {
    return equalsIgnoreCase(h.first, name);
  }));
}

}  // namespace junctor
