#pragma once
// ConnectorDesk: threads on which connectors are asked about a request whose sender still waits (a
// signature that only they can check, an answer that only they can give), so that a slow one never
// stops the reactor. The queue is bounded: what does not fit is refused, not kept.
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/json_doc.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/threads.h"
#include "ingest/endpoints.h"

namespace junctor::ingest {

class ConnectorDesk {
 public:
  // What one thread keeps: instances of its own, since calls on one must not overlap.
  class Worker {
   public:
    // The endpoint's, made at the first use. Errors as Connector::create.
    Result<plugin::Instance*> instanceOf(const std::shared_ptr<const Endpoint>& endpoint);
    JsonDoc document;

   private:
    struct Made {
      std::weak_ptr<const Endpoint> endpoint;  // gone with the table that held it
      std::unique_ptr<plugin::Instance> instance;
    };
    std::map<const Endpoint*, Made> made_;
  };
  using Job = std::function<void(Worker&)>;

  explicit ConnectorDesk(int workers = limits::kVerifyWorkers,
                         size_t queue_max = limits::kVerifyQueueMax);
  ~ConnectorDesk();  // finishes what runs, drops what waits

  // Any thread, never blocks. False: too much is waiting, the job was not taken.
  bool offer(Job job);

 private:
  void work();

  const int worker_count_;
  const size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> jobs_;         // guarded by mutex_
  bool stopping_ = false;        // guarded by mutex_
  std::vector<Thread> workers_;  // guarded by mutex_; started at the first job
};

}  // namespace junctor::ingest
