#include "ingest/connector_desk.h"

namespace junctor::ingest {

Result<plugin::Instance*> ConnectorDesk::Worker::instanceOf(
    const std::shared_ptr<const Endpoint>& endpoint) {
  const auto found = made_.find(endpoint.get());
  if (found != made_.end() && !found->second.endpoint.expired()) {
    return found->second.instance.get();
  }
  std::erase_if(made_, [](const auto& entry) { return entry.second.endpoint.expired(); });
  JUNCTOR_TRY(auto instance, endpoint->connector->create(*endpoint->integration));
  return (made_[endpoint.get()] = {endpoint, std::move(instance)}).instance.get();
}

ConnectorDesk::ConnectorDesk(int workers, size_t queue_max)
    : worker_count_(workers), queue_max_(queue_max) {}

ConnectorDesk::~ConnectorDesk() {
  std::vector<Thread> workers;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    workers.swap(workers_);
    ready_.notify_all();
  }
}

bool ConnectorDesk::offer(Job job) {
  std::lock_guard lock(mutex_);
  if (stopping_ || jobs_.size() >= queue_max_) return false;
  jobs_.push_back(std::move(job));
  while (workers_.size() < static_cast<size_t>(worker_count_)) {
    workers_.emplace_back("jn-verify-" + std::to_string(workers_.size()), [this] { work(); });
  }
  ready_.notify_one();
  return true;
}

void ConnectorDesk::work() {
  Worker worker;
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job(worker);
    lock.lock();
  }
}

}  // namespace junctor::ingest
