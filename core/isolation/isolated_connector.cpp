#include "isolation/isolated_connector.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/files.h"
#include "base/limits.h"
#include "isolation/isolated_instance.h"
#include "isolation/messages.h"
#include "isolation/wire.h"
#include "trust/grants.h"

namespace junctor::isolation {
namespace {

constexpr size_t kLeftMax = 64;
constexpr std::chrono::milliseconds kBusyLook{20}, kBusyRetry{1'000};

// The process that runs it may be somebody else than the host: what only the owner may read is
// handed over as a copy.
Result<Descriptor> openCode(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!file.valid() || ::fstat(file.get(), &info) != 0) {
    return notFound(path + ": " + std::strerror(errno));
  }
  if (info.st_mode & S_IROTH) return file;
  JUNCTOR_TRY(const std::string bytes, readFile(path, limits::kBundleBytesMax));
  Descriptor copy = sealedMemory(bytes);
  if (!copy.valid()) return unavailable(path + ": no memory for a copy");
  return copy;
}

}  // namespace

IsolatedConnector::IsolatedConnector(const WardDeps& deps, plugin::Manifest manifest,
                                     std::string path, bool per_tenant)
    : deps_(deps),
      manifest_(std::move(manifest)),
      path_(std::move(path)),
      per_tenant_(per_tenant) {}

Result<void> IsolatedConnector::start() {
  JUNCTOR_TRY(Descriptor code, openCode(path_));
  file_ = std::make_shared<const Descriptor>(std::move(code));
  if (deps_.quarantine.causeOf(Quarantine::keyOf(manifest_.id, manifest_.version))) return {};
  if (!per_tenant_) return wardOf("")->start();
  return std::make_shared<Ward>(deps_, codeOf(), "")->start();  // just to see
}

Code IsolatedConnector::codeOf() const {
  return {manifest_.id, manifest_.version, file_, manifest_.runtime == "go",
          static_cast<uint64_t>(manifest_.capabilities.budget.memory_mib)};
}

// The caller holds the lock.
std::shared_ptr<Ward> IsolatedConnector::makeWard() const {
  auto ward = std::make_shared<Ward>(deps_, codeOf(), manifest_.id + " " + manifest_.version);
  if (retired_) ward->retire();
  return ward;
}

std::shared_ptr<Ward> IsolatedConnector::wardOf(const std::string& tenant) {
  std::lock_guard lock(mutex_);
  auto& ward = wards_[per_tenant_ ? tenant : ""];
  if (!ward) ward = makeWard();
  return ward;
}

IsolatedConnector::Lane::~Lane() {
  if (connector_) connector_->giveLane(ward_);
}

Result<IsolatedConnector::Lane> IsolatedConnector::takeLane(const std::string& tenant,
                                                            const CallTerms& terms) {
  const int64_t until_ms = clock().monotonicMs() + terms.budget_ms;
  std::unique_lock lock(mutex_);
  auto& lanes = lanes_[per_tenant_ ? tenant : ""];
  for (;;) {
    for (auto& [ward, busy] : lanes) {
      if (busy) continue;
      busy = true;
      return Lane(ward, shared_from_this());
    }
    if (lanes.size() < limits::kConnectorActionProcesses) {
      lanes.emplace_back(makeWard(), true);
      // One process waits for the next call; those of busier times end with their call.
      if (lanes.size() > 1) lanes.back().first->retire();
      return Lane(lanes.back().first, shared_from_this());
    }
    if (terms.cancelled && terms.cancelled->load()) {
      return makeError(ErrorCode::Cancelled, "the call was cancelled");
    }
    if (clock().monotonicMs() >= until_ms) {
      Error error = makeError(ErrorCode::ResourceExhausted,
                              manifest_.id + " is busy: as many calls as may run at once do");
      error.retry_after = kBusyRetry;
      return error;
    }
    lane_free_.wait_for(lock, kBusyLook);
  }
}

void IsolatedConnector::giveLane(const std::shared_ptr<Ward>& ward) {
  std::lock_guard lock(mutex_);
  for (auto& [tenant, lanes] : lanes_) {
    for (auto& [each, busy] : lanes) busy = busy && each != ward;
  }
  lane_free_.notify_all();
}

void IsolatedConnector::leave(const EventId& request, Ward::Begun begun) {
  std::lock_guard lock(mutex_);
  left_.emplace_back(request, std::move(begun));
  if (left_.size() > kLeftMax) left_.pop_front();
}

Ward::Begun IsolatedConnector::pickUp(const EventId& request) {
  std::lock_guard lock(mutex_);
  const auto found = std::find_if(left_.begin(), left_.end(),
                                  [&](const auto& entry) { return entry.first == request; });
  if (found == left_.end()) return {};
  Ward::Begun begun = std::move(found->second);
  left_.erase(found);
  return begun;
}

void IsolatedConnector::destroyInstance(const InstanceSpec& spec) {
  for (const auto& ward : wards(per_tenant_ ? &spec.tenant : nullptr)) {
    ward->destroyInstance(spec.id);
  }
}

Result<IsolatedConnector::SpecPtr> IsolatedConnector::specOf(const Integration& integration) {
  JUNCTOR_CHECK(plugin::effectiveDeliveryKey(manifest_, integration.settings_json));
  auto spec = std::make_shared<InstanceSpec>();
  JUNCTOR_TRY(spec->grants, trust::Grants::make(manifest_.capabilities, integration.settings_json,
                                                integration.allow_private));
  spec->id = next_instance_.fetch_add(1);
  spec->tenant = integration.tenant;
  spec->integration = integration.id;
  spec->settings_json = integration.settings_json;
  return SpecPtr(std::move(spec));
}

std::unique_ptr<plugin::Instance> IsolatedConnector::instanceOf(SpecPtr spec) {
  auto ward = wardOf(spec->tenant);
  return std::make_unique<IsolatedInstance>(shared_from_this(), std::move(ward), std::move(spec));
}

Result<std::unique_ptr<plugin::Instance>> IsolatedConnector::create(
    const Integration& integration) {
  JUNCTOR_TRY(SpecPtr spec, specOf(integration));
  const auto asked = wardOf(spec->tenant)->run(spec, {}, nullptr, {});
  if (asked && !asked->created.empty()) {
    Unpacker in(asked->created);
    if (auto refused = readError(in)) return asItsOwn(std::move(*refused), manifest_.id);
  } else if (!asked && asked.error().message.starts_with("connector-crash")) {
    return asked.error();
  }
  return instanceOf(std::move(spec));
}

Result<std::unique_ptr<plugin::Instance>> IsolatedConnector::createUnasked(
    const Integration& integration) {
  JUNCTOR_TRY(SpecPtr spec, specOf(integration));
  return instanceOf(std::move(spec));
}

std::vector<std::shared_ptr<Ward>> IsolatedConnector::wards(const std::string* tenant) const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Ward>> list;
  for (const auto& [of, ward] : wards_) {
    if (!tenant || of == *tenant) list.push_back(ward);
  }
  for (const auto& [of, lanes] : lanes_) {
    if (tenant && of != *tenant) continue;
    for (const auto& [ward, busy] : lanes) list.push_back(ward);
  }
  return list;
}

std::string IsolatedConnector::runsIn() const {
  std::string text;
  std::lock_guard lock(mutex_);
  for (const auto& [tenant, ward] : wards_) text += (text.empty() ? "" : "; ") + ward->describe();
  return text.empty() ? "own process, not running" : text;
}

void IsolatedConnector::retire() {
  {
    std::lock_guard lock(mutex_);
    retired_ = true;
  }
  for (const auto& ward : wards()) ward->retire();
}

void IsolatedConnector::pardon() {
  for (const auto& ward : wards()) ward->pardon();
}

}  // namespace junctor::isolation
