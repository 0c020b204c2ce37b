#pragma once
// SlowLines: requests whose connector did not answer at once, in one line per integration. One
// thread serves a line at a time, so a line keeps its order and a stuck connector holds up nobody
// but itself. Not thread-safe: the owner locks.
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace junctor::flow {

template <class Item>
class SlowLines {
 public:
  // At most `line_max` wait in one line, `items_max` in all.
  SlowLines(size_t line_max, size_t items_max) : line_max_(line_max), items_max_(items_max) {}

  // Somebody waits in it or is being served: whoever comes later stands behind.
  bool busy(const std::string& name) const { return lines_.contains(name); }

  // False: full. Nothing was taken.
  bool push(const std::string& name, Item item) {
    if (waiting_ >= items_max_) return false;
    Line& line = lines_[name];
    if (line.items.size() >= line_max_) return false;
    line.items.push_back(std::move(item));
    ++waiting_;
    if (!line.served && line.items.size() == 1) turns_.push_back(name);
    return true;
  }

  bool ready() const { return !turns_.empty(); }

  // The next of the line that waited longest for its turn; finish() must follow.
  std::optional<std::pair<std::string, Item>> take() {
    if (turns_.empty()) return std::nullopt;
    std::string name = std::move(turns_.front());
    turns_.pop_front();
    Line& line = lines_.at(name);
    Item item = std::move(line.items.front());
    line.items.pop_front();
    line.served = true;
    --waiting_;
    return std::pair(std::move(name), std::move(item));
  }

  void finish(const std::string& name) {
    const auto found = lines_.find(name);
    found->second.served = false;
    if (found->second.items.empty()) {
      lines_.erase(found);
    } else {
      turns_.push_back(name);
    }
  }

 private:
  struct Line {
    std::deque<Item> items;
    bool served = false;
  };
  const size_t line_max_, items_max_;
  size_t waiting_ = 0;
  std::map<std::string, Line> lines_;
  std::deque<std::string> turns_;  // lines with items that nobody serves
};

}  // namespace junctor::flow
