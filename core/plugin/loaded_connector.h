#pragma once
// LoadedConnector: a connector whose library runs in this process.
#include <memory>
#include <string>

#include "plugin/connector.h"
#include "plugin/gate.h"
#include "plugin/library.h"

namespace junctor::plugin {

class LoadedConnector final : public Connector,
                              public std::enable_shared_from_this<LoadedConnector> {
 public:
  LoadedConnector(Manifest manifest, std::string path, const Library& library, const Clock& clock,
                  const HostPorts& ports)
      : manifest_(std::move(manifest)),
        path_(std::move(path)),
        library_(library),
        clock_(clock),
        gate_(ports, clock) {}

  const Manifest& manifest() const override { return manifest_; }
  const std::string& path() const override { return path_; }
  Result<std::unique_ptr<Instance>> create(const Integration& integration) override;

  const Library& library() const { return library_; }
  const Clock& clock() const { return clock_; }
  // Behind the gate.
  HostPorts ports() const { return gate_.ports(); }

 private:
  Manifest manifest_;
  std::string path_;
  const Library& library_;
  const Clock& clock_;
  mutable Gate gate_;  // has no state
};

}  // namespace junctor::plugin
