#pragma once
// Thread and Mailbox: the two things the host's threads are built of.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace junctor {

// A named thread that is joined when it goes out of scope. Whoever owns it must first make its
// function return.
class Thread {
 public:
  Thread() = default;
  Thread(const std::string& name, std::function<void()> run);
  ~Thread() { join(); }
  Thread(Thread&&) = default;
  Thread& operator=(Thread&&) = default;

  void join() {
    if (thread_.joinable()) thread_.join();
  }
  bool joinable() const { return thread_.joinable(); }

 private:
  std::thread thread_;
};

// Lowers the calling thread's scheduling priority a little: when the processors are full, answers
// to providers come before the work that their events cause, and that work waits in the store.
void runBehindAnswers();

// Many producers, one consumer, whole batches at a time: one lock per batch, not per item.
// The bound is the caller's: push() says how many items now wait.
template <class T>
class Mailbox {
 public:
  size_t push(T item) {
    std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    if (waiting_) ready_.notify_one();
    return items_.size();
  }
  void pushAll(std::vector<T>&& batch) {
    if (batch.empty()) return;
    std::lock_guard lock(mutex_);
    if (items_.empty()) {
      items_.swap(batch);
    } else {
      for (T& item : batch) items_.push_back(std::move(item));
    }
    if (waiting_) ready_.notify_one();
  }
  // Takes everything waiting; blocks until there is something, `timeout` passed or wake() is
  // called.
  std::vector<T> take(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    ready_.wait_for(lock, timeout, [this] { return !items_.empty() || woken_; });
    waiting_ = false;
    woken_ = false;
    return std::exchange(items_, {});
  }
  std::vector<T> takeNow() {
    std::lock_guard lock(mutex_);
    return std::exchange(items_, {});
  }
  void wake() {
    std::lock_guard lock(mutex_);
    woken_ = true;
    ready_.notify_one();
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<T> items_;
  bool waiting_ = false;
  bool woken_ = false;
};

}  // namespace junctor
