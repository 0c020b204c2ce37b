#include "app/rounds.h"

namespace junctor::app {

Rounds::Rounds(std::chrono::milliseconds pause, std::function<void()> round)
    : pause_(pause), round_(std::move(round)), thread_("jn-rounds", [this] { run(); }) {}

Rounds::~Rounds() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Rounds::run() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, pause_, [this] { return stopping_; })) {
    lock.unlock();
    round_();
    lock.lock();
  }
}

}  // namespace junctor::app
