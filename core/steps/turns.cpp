#include "steps/turns.h"

namespace junctor::steps {

bool Turns::run(const std::string& tenant, std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return false;
    Line& line = lines_[tenant];
    if (line.waiting.empty()) turn_.push_back(tenant);
    line.waiting.push_back(std::move(task));
  }
  pump();
  return true;
}

void Turns::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    lines_.clear();
    turn_.clear();
  }
  pool_.stop();
}

// The first in turn who may have a thread.
std::optional<Turns::Next> Turns::next() {
  std::lock_guard lock(mutex_);
  if (stopped_ || running_ >= threads_) return std::nullopt;
  const size_t most = (threads_ + 1) / 2;
  for (size_t i = 0; i < turn_.size(); ++i) {
    std::string tenant = std::move(turn_.front());
    turn_.pop_front();
    Line& line = lines_.at(tenant);
    if (line.running >= most) {
      turn_.push_back(std::move(tenant));
      continue;
    }
    Next found{tenant, std::move(line.waiting.front())};
    line.waiting.pop_front();
    ++line.running;
    ++running_;
    if (!line.waiting.empty()) turn_.push_back(std::move(tenant));
    return found;
  }
  return std::nullopt;
}

void Turns::pump() {
  while (auto one = next()) {
    (void)pool_.run([this, one = *std::move(one)] {
      one.task();
      ended(one.tenant);
    });
  }
}

void Turns::ended(const std::string& tenant) {
  {
    std::lock_guard lock(mutex_);
    --running_;
    const auto line = lines_.find(tenant);
    if (line != lines_.end() && --line->second.running == 0 && line->second.waiting.empty()) {
      lines_.erase(line);
    }
  }
  pump();
}

}  // namespace junctor::steps
