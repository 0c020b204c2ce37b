#pragma once
// IsolatedConnector: a connector whose code runs in processes of its own: one for all webhooks, a
// few more, started when they are needed, for calls that may wait for a provider.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "isolation/ward.h"
#include "plugin/connector.h"

namespace junctor::isolation {

class IsolatedConnector final : public plugin::Connector,
                                public std::enable_shared_from_this<IsolatedConnector> {
 public:
  IsolatedConnector(const WardDeps& deps, plugin::Manifest manifest, std::string path,
                    bool per_tenant);

  // Opens it once, so that what cannot be loaded is known now.
  Result<void> start();
  const plugin::Manifest& manifest() const override { return manifest_; }
  const std::string& path() const override { return path_; }
  // Asks the connector about the settings, unless it cannot be asked now: then the first call does.
  Result<std::unique_ptr<plugin::Instance>> create(const Integration& integration) override;
  Result<std::unique_ptr<plugin::Instance>> createUnasked(const Integration& integration) override;
  std::string runsIn() const override;
  void retire() override;
  void pardon();

  const Clock& clock() const { return deps_.child.clock; }
  std::shared_ptr<Ward> wardOf(const std::string& tenant);

  // A process for one call with I/O, which no other call uses meanwhile. Given back at its end.
  class Lane {
   public:
    explicit Lane(std::shared_ptr<Ward> ward,
                  std::shared_ptr<IsolatedConnector> connector = nullptr)
        : ward_(std::move(ward)), connector_(std::move(connector)) {}
    Lane(Lane&&) = default;
    Lane& operator=(Lane&&) = delete;
    ~Lane();
    const std::shared_ptr<Ward>& ward() const { return ward_; }

   private:
    std::shared_ptr<Ward> ward_;
    std::shared_ptr<IsolatedConnector> connector_;  // null: nothing to give back
  };
  // Waits for one as long as the call's own budget is. ResourceExhausted: all are busy. Cancelled.
  Result<Lane> takeLane(const std::string& tenant, const CallTerms& terms);
  void destroyInstance(const InstanceSpec& spec);

  // A call that somebody had no time to wait for, until somebody else comes for it. The oldest of
  // too many are forgotten: those requests are run again.
  void leave(const EventId& request, Ward::Begun begun);
  Ward::Begun pickUp(const EventId& request);

 private:
  using SpecPtr = std::shared_ptr<const InstanceSpec>;
  Result<SpecPtr> specOf(const Integration& integration);
  std::unique_ptr<plugin::Instance> instanceOf(SpecPtr spec);
  Code codeOf() const;
  std::shared_ptr<Ward> makeWard() const;
  void giveLane(const std::shared_ptr<Ward>& ward);
  // All, or one tenant's.
  std::vector<std::shared_ptr<Ward>> wards(const std::string* tenant = nullptr) const;

  const WardDeps deps_;
  const plugin::Manifest manifest_;
  const std::string path_;
  const bool per_tenant_;
  std::shared_ptr<const Descriptor> file_;  // set by start()
  std::atomic<uint64_t> next_instance_{1};
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Ward>> wards_;  // guarded by mutex_; by tenant, "" = all
  std::condition_variable lane_free_;
  // By tenant too, at most kConnectorActionProcesses each; true = busy. Guarded by mutex_.
  std::map<std::string, std::vector<std::pair<std::shared_ptr<Ward>, bool>>> lanes_;
  std::deque<std::pair<EventId, Ward::Begun>> left_;  // guarded by mutex_
  bool retired_ = false;                              // guarded by mutex_
};

}  // namespace junctor::isolation
