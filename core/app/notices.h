#pragma once
// Notices: tells tenants, in their own event stream, of destinations and integrations that begin or
// end to be in error, and lets dead letters of an integration that recovered run again.
#include <functional>

#include "app/chores.h"
#include "base/ids.h"
#include "delivery/dispatcher.h"
#include "flow/failing.h"
#include "flow/notice.h"
#include "flow/replayer.h"
#include "oauth/keeper.h"
#include "quota/quotas.h"
#include "store/store.h"

namespace junctor::app {

struct NoticesDeps {
  store::Store& store;
  IdSource& ids;
  const Clock& clock;
  Chores& chores;
  std::function<void(const RawRequestPtr&)> offer;  // to the flow, once it is durable
  std::function<flow::Replayer&()> replays;
};

class Notices {
 public:
  explicit Notices(NoticesDeps deps) : deps_(std::move(deps)) {}

  // Any thread; none blocks.
  void post(const flow::Notice& notice);
  void tell(const delivery::Trouble& trouble);
  void tell(const flow::IntegrationTrouble& trouble);
  void tell(const quota::Told& told);
  void tell(const oauth::CredentialTrouble& trouble);
  // Integrations that were in error before the restart. Blocks on the store.
  void restore(flow::Failing& failing);

 private:
  void drain(const flow::IntegrationTrouble& trouble);

  NoticesDeps deps_;
};

}  // namespace junctor::app
