#include "isolation/isolated_connector.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <deque>

#include "base/files.h"
#include "base/limits.h"
#include "isolation/wire.h"
#include "plugin/verdict.h"

namespace junctor::isolation {
namespace {

// A connector's own words never pass for the host's: they begin with its id.
Error asItsOwn(Error error, const std::string& id) {
  const std::string prefix = id + ": ";
  if (!error.message.starts_with(prefix)) error.message = prefix + error.message;
  if (error.code == ErrorCode::Cancelled) error.code = ErrorCode::Internal;
  return error;
}

std::optional<Error> errorOf(std::string_view payload, const std::string& id) {
  if (payload.empty()) return std::nullopt;
  Unpacker in(payload);
  auto error = readError(in);
  if (!error) return std::nullopt;
  return asItsOwn(std::move(*error), id);
}

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

class IsolatedInstance final : public plugin::Instance {
 public:
  IsolatedInstance(std::shared_ptr<IsolatedConnector> connector, std::shared_ptr<Ward> ward,
                   Ward::Spec spec)
      : connector_(std::move(connector)), ward_(std::move(ward)), spec_(std::move(spec)) {}
  ~IsolatedInstance() override { ward_->destroyInstance(spec_->id); }

  void begin(const RawRequest& request) override {
    auto begun = ward_->begin(spec_, packHandle(spec_->id, request));
    if (begun.call) begun_.emplace_back(&request, std::move(begun));
  }

  Result<plugin::HandleResult> handle(const RawRequest& request, JsonView) override {
    const auto pack = [&] { return packHandle(spec_->id, request); };
    JUNCTOR_TRY(const auto answers, ward_->run(spec_, pack, takeBegun(request)));
    const std::string& id = connector_->manifest().id;
    if (auto refused = errorOf(answers.created, id)) return std::move(*refused);
    auto handled = readHandled(answers.done, id, connector_->clock());
    if (!handled) return asItsOwn(std::move(handled).error(), id);
    return handled;
  }

 private:
  // Calls begun before this one are handled or given up.
  Ward::Begun takeBegun(const RawRequest& request) {
    while (!begun_.empty()) {
      auto [announced, begun] = std::move(begun_.front());
      begun_.pop_front();
      if (announced == &request) return std::move(begun);
    }
    return {};
  }

  std::shared_ptr<IsolatedConnector> connector_;
  std::shared_ptr<Ward> ward_;
  Ward::Spec spec_;
  std::deque<std::pair<const RawRequest*, Ward::Begun>> begun_;
};

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
  return {manifest_.id, manifest_.version, file_, manifest_.runtime == "go"};
}

std::shared_ptr<Ward> IsolatedConnector::wardOf(const std::string& tenant) {
  std::lock_guard lock(mutex_);
  auto& ward = wards_[per_tenant_ ? tenant : ""];
  if (!ward) {
    ward = std::make_shared<Ward>(deps_, codeOf(), manifest_.id + " " + manifest_.version);
    if (retired_) ward->retire();
  }
  return ward;
}

Result<std::unique_ptr<plugin::Instance>> IsolatedConnector::create(
    const Integration& integration) {
  JUNCTOR_CHECK(plugin::effectiveDeliveryKey(manifest_, integration.settings_json));
  auto spec = std::make_shared<InstanceSpec>();
  spec->id = next_instance_.fetch_add(1);
  spec->tenant = integration.tenant;
  spec->integration = integration.id;
  spec->settings_json = integration.settings_json;
  auto ward = wardOf(integration.tenant);
  const auto asked = ward->run(spec, nullptr, {});
  if (asked) {
    if (auto refused = errorOf(asked->created, manifest_.id)) return std::move(*refused);
  } else if (asked.error().message.starts_with("connector-crash")) {
    return asked.error();
  }
  return std::unique_ptr<plugin::Instance>(
      std::make_unique<IsolatedInstance>(shared_from_this(), std::move(ward), std::move(spec)));
}

std::vector<std::shared_ptr<Ward>> IsolatedConnector::wards() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Ward>> list;
  for (const auto& [tenant, ward] : wards_) list.push_back(ward);
  return list;
}

std::string IsolatedConnector::runsIn() const {
  std::string text;
  for (const auto& ward : wards()) text += (text.empty() ? "" : "; ") + ward->describe();
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
