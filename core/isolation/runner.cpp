#include "isolation/runner.h"

#include <deque>
#include <map>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "isolation/lockdown.h"
#include "isolation/messages.h"
#include "isolation/wire.h"
#include "plugin/connector.h"

namespace junctor::isolation {
namespace {

constexpr int kExitOk = 0, kExitUsage = 2, kExitRefused = 3;

class Runner {
 public:
  explicit Runner(int socket) : channel_(Descriptor(socket)) {}

  int run() {
    Frame load;
    if (channel_.receive(load, true) != Channel::Received::Yes) return kExitUsage;
    const auto message = readLoad(load.payload);
    if (load.kind != FrameKind::Load || !message || !load.file.valid()) return kExitUsage;
    Lockdown lockdown;
    limitSelf(message->threads, lockdown);
    prepare();
    lockDown(load.file.get(), message->threads, lockdown);
    if (!reply(FrameKind::Locked, 0, packLocked(lockdown))) return kExitOk;
    const auto opened = open(load.file.get(), *message);
    load.file = Descriptor();
    lockDownOpen(lockdown);
    reply(FrameKind::Loaded, 0, opened ? packLocked(lockdown) : packError(opened.error()));
    return opened ? serve() : kExitRefused;
  }

 private:
  // What libraries read or set up at their first use must be there before the door is shut.
  void prepare() {
    (void)crypto::sha256Hex("");
    (void)checkJson("{}");
    log::redirect([this](log::Level level, std::string_view text) {
      reply(FrameKind::Log, 0, packLog({static_cast<uint8_t>(level), std::string(text)}));
    });
  }

  Result<void> open(int file, const LoadMessage& message) {
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    JUNCTOR_TRY(plugin::Manifest manifest, plugin::readManifest(path));
    if (manifest.id != message.id || manifest.version != message.version) {
      return invalidArgument("the file is not the one the host looked at");
    }
    JUNCTOR_TRY(connector_, plugin::openInProcess(systemClock())(std::move(manifest), path));
    return {};
  }

  int serve() {
    Frame frame;
    for (;;) {
      if (channel_.receive(frame, true) != Channel::Received::Yes) return kExitOk;
      switch (frame.kind) {
        case FrameKind::Create:
          reply(FrameKind::Created, frame.call, create(frame.payload));
          break;
        case FrameKind::Destroy:
          instances_.erase(Unpacker(frame.payload).u64());
          break;
        case FrameKind::Call:
          reply(FrameKind::Done, frame.call, call(frame.payload));
          break;
        default:
          return kExitUsage;
      }
    }
  }

  std::string create(std::string_view payload) {
    const auto spec = readCreate(payload);
    if (!spec) return packError(internalError("not a create message"));
    Integration integration;
    integration.id = spec->integration;
    integration.tenant = spec->tenant;
    integration.connector = connector_->manifest().id;
    integration.settings_json = spec->settings_json;
    auto made = connector_->create(integration);
    if (!made) return packError(made.error());
    instances_[spec->id] = std::move(*made);
    return packDone();
  }

  std::string call(std::string_view payload) {
    Unpacker in(payload);
    const auto found = instances_.find(in.u64());
    if (found == instances_.end()) return packError(internalError("there is no such instance"));
    switch (static_cast<Method>(in.u8())) {
      case Method::Handle:
        return handle(*found->second, in);
    }
    return packError(internalError("there is no such method"));
  }

  static std::string handle(plugin::Instance& instance, Unpacker& in) {
    const auto request = readHandle(in);
    if (!request) return packError(internalError("not a request"));
    const auto handled = instance.handle(*request, JsonView());
    return handled ? packHandled(*handled) : packError(handled.error());
  }

  bool reply(FrameKind kind, uint64_t call, const std::string& payload) {
    if (payload.size() > limits::kFrameBytesMax) {
      const Error error =
          makeError(ErrorCode::ResourceExhausted, "the result is larger than 32 MiB");
      return channel_.send(kind, call, packError(error), true) == Channel::Sent::Yes;
    }
    return channel_.send(kind, call, payload, true) == Channel::Sent::Yes;
  }

  Channel channel_;
  std::shared_ptr<plugin::Connector> connector_;
  std::map<uint64_t, std::unique_ptr<plugin::Instance>> instances_;
};

}  // namespace

int runConnector(int socket) {
  // Not on the stack, and never destroyed: a connector's destructors are not worth waiting for.
  static Runner& runner = *new Runner(socket);
  return runner.run();
}

}  // namespace junctor::isolation
