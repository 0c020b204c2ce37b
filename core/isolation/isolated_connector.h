#pragma once
// IsolatedConnector: a connector whose code runs in a process of its own.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

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
  std::string runsIn() const override;
  void retire() override;
  void pardon();

  const Clock& clock() const { return deps_.clock; }
  std::shared_ptr<Ward> wardOf(const std::string& tenant);

 private:
  Code codeOf() const;
  std::vector<std::shared_ptr<Ward>> wards() const;

  const WardDeps deps_;
  const plugin::Manifest manifest_;
  const std::string path_;
  const bool per_tenant_;
  std::shared_ptr<const Descriptor> file_;  // set by start()
  std::atomic<uint64_t> next_instance_{1};
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Ward>> wards_;  // guarded by mutex_; by tenant, "" = all
  bool retired_ = false;                                // guarded by mutex_
};

}  // namespace junctor::isolation
