#pragma once
// Performer: carries out one try of one step. Calls are in flight on the HTTP client, all else
// blocks a thread of its own pool. Everything that reaches outside carries a key made of delivery
// and step, so that a repetition after a crash is recognised.
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "action/desk.h"
#include "delivery/dispatcher.h"
#include "delivery/target.h"
#include "script/flow.h"
#include "steps/answers.h"
#include "steps/keepsakes.h"
#include "steps/llm_meter.h"
#include "steps/turns.h"

namespace junctor::steps {

struct PerformerDeps {
  store::Store& store;
  net::HttpClient& client;
  action::Desk& desk;
  IdSource& ids;
  const Clock& clock;
  // What calls of flows heed, see delivery::Dispatcher. Unset: nothing.
  std::function<std::optional<delivery::CallWait>(const std::string& tenant,
                                                  const std::string& destination)>
      begin_call = {};
  std::function<void(const std::string& tenant, const std::string& destination,
                     queue::GateSign sign, std::optional<int64_t> wait_ms)>
      end_call = {};
  // Any thread: an event that a flow emitted just became durable, as a request.
  std::function<void(const RawRequestPtr&)> on_emitted;
};

class Performer {
 public:
  explicit Performer(PerformerDeps deps);

  void adopt(delivery::TargetTablePtr targets, CatalogPtr catalog);
  // Ends what blocks a thread and begins nothing more; calls in flight end with the client.
  void stop() { turns_.stop(); }
  // `done` runs on any thread, perhaps the store's writer or the client's: it must not block.
  using Done = std::function<void(StepResult)>;
  void perform(const Delivery& delivery, const EventPtr& event, const script::FlowInfo& flow,
               const script::FlowStep& step, Done done);

 private:
  struct Order {
    Delivery delivery;
    EventPtr event;
    script::FlowStep step;
    Done done;
    std::string flow;
    LlmCaps llm;  // of the flow
    std::string key() const;
  };
  using OrderPtr = std::shared_ptr<const Order>;

  void work(const OrderPtr& order);
  void call(const OrderPtr& order);
  StepResult act(const Order& order);
  StepResult chat(const Order& order);
  void emit(const OrderPtr& order);
  StepResult keep(const Order& order);
  bool answerFromCache(const Order& order);
  void finish(const OrderPtr& order, StepResult result);

  PerformerDeps deps_;
  Keepsakes keepsakes_;
  LlmMeter llm_;
  std::mutex mutex_;
  delivery::TargetTablePtr targets_;  // guarded by mutex_
  Turns turns_;                       // last: its threads use the others
};

}  // namespace junctor::steps
