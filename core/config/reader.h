#pragma once
// MapReader: takes the known keys out of one map, each into its type, and reports the rest as
// unknown. Everything wrong is added to `problems`; reading goes on, so all is reported at once.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/node.h"
#include "config/values.h"

namespace junctor::config {

using TextCheck = std::function<Result<void>(std::string_view)>;

class MapReader {
 public:
  // A Null node counts as an empty map; anything else but a map is a problem.
  MapReader(const Node& node, Place place, Problems& problems);

  // "" if absent. Plain scalars are taken as written.
  std::string text(std::string_view key, const TextCheck& check = {});
  std::string required(std::string_view key, const TextCheck& check = {});
  bool boolean(std::string_view key, bool fallback);
  int64_t integer(std::string_view key, int64_t fallback, int64_t min, int64_t max);
  std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds max);
  // Calls `each` per element of a list; absent = no element.
  void list(std::string_view key, const std::function<void(const Node&, const Place&)>& each);
  const Node* find(std::string_view key);  // any kind; marks the key as known
  bool has(std::string_view key) const;

  void problem(std::string_view key, std::string text);  // at the key's line, or at the map's
  Place at(std::string_view key) const { return place_.key(key); }
  const Place& place() const { return place_; }
  // Reports keys nobody asked for. Call last.
  void finish();

 private:
  const Node::Member* member(std::string_view key) const;
  const Node* scalar(std::string_view key);

  const Node& node_;
  Place place_;
  Problems& problems_;
  std::vector<std::string> known_;
};

// One scalar of a list, or "" and a problem.
std::string scalarText(const Node& node, const Place& place, Problems& problems,
                       const TextCheck& check = {});

}  // namespace junctor::config
