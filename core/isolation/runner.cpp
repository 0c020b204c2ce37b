#include "isolation/runner.h"

#include <unistd.h>

#include <deque>
#include <map>
#include <optional>
#include <tuple>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "isolation/lockdown.h"
#include "isolation/messages.h"
#include "isolation/rule_worker.h"
#include "isolation/services.h"
#include "isolation/wire.h"
#include "plugin/connector.h"

namespace junctor::isolation {
namespace {

constexpr int kExitOk = 0, kExitUsage = 2, kExitRefused = 3;

// A method with options, of one call.
class CalledMethod {
 public:
  CalledMethod(plugin::Instance& instance, Unpacker& in, const std::atomic<bool>* cancelled)
      : instance_(instance), in_(in), options_(readOptions(in)) {
    options_.cancelled = cancelled;
    options_.record = &record_;
  }

  std::string run(Method method) {
    switch (method) {
      case Method::Execute:
        return call(&plugin::Instance::execute);
      case Method::ListFields:
        return call(&plugin::Instance::listFields);
      case Method::Subscribe:
        return call(&plugin::Instance::subscribe);
      case Method::Unsubscribe:
        return call(&plugin::Instance::unsubscribe);
      case Method::Renew:
        return call(&plugin::Instance::renew);
      case Method::ListHooks:
        return call(&plugin::Instance::listHooks);
      case Method::Poll:
        return call(&plugin::Instance::poll);
      case Method::AuthorizeParams:
        return call(&plugin::Instance::authorizeParams);
      case Method::ParseToken:
        return call(&plugin::Instance::parseToken);
      case Method::RefreshToken:
        return call(&plugin::Instance::refreshToken);
      case Method::Identify:
        return call(&plugin::Instance::identify);
      case Method::Test:
        return call(&plugin::Instance::test);
      default:
        return packOutcome<void>(record_, internalError("there is no such method"));
    }
  }

 private:
  // The frame holds what stands before the options in the method's parameters.
  template <class T, class... Args>
  std::string call(Result<T> (plugin::Instance::*method)(Args...)) {
    std::tuple<std::decay_t<Args>...> args;
    std::get<sizeof...(Args) - 1>(args) = options_;
    if (!readArguments(args, std::make_index_sequence<sizeof...(Args) - 1>())) {
      return packOutcome<void>(record_, internalError("not the method's parameters"));
    }
    const auto result =
        std::apply([&](const auto&... each) { return (instance_.*method)(each...); }, args);
    return packOutcome(record_, result);
  }
  template <class Tuple, size_t... kIndex>
  bool readArguments(Tuple& args, std::index_sequence<kIndex...>) {
    return unpackAll(in_, std::get<kIndex>(args)...);
  }

  plugin::Instance& instance_;
  Unpacker& in_;
  plugin::CallOptions options_;
  plugin::CallRecord record_;
};

class Runner {
 public:
  explicit Runner(int socket) : channel_(Descriptor(socket)) {}

  int run() {
    Frame board, load;
    if (channel_.receive(board, true) != Channel::Received::Yes) return kExitUsage;
    if (board.kind == FrameKind::Room && board.file.valid()) {
      return serveRules(channel_, std::move(board.file));
    }
    if (board.kind != FrameKind::Board || !board.file.valid()) return kExitUsage;
    board_.emplace(Board::open(board.file.get()));
    board.file = Descriptor();
    if (channel_.receive(load, true) != Channel::Received::Yes) return kExitUsage;
    const auto message = readLoad(load.payload);
    if (load.kind != FrameKind::Load || !message || !load.file.valid()) return kExitUsage;
    Lockdown lockdown;
    limitSelf(message->threads, message->memory_mib, lockdown);
    prepare();
    lockDown(load.file.get(), message->threads, lockdown);
    if (!reply(FrameKind::Locked, 0, packLocked(lockdown))) return kExitOk;
    const auto opened = open(load.file.get(), *message, lockdown);
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

  Result<void> open(int file, const LoadMessage& message, const Lockdown& lockdown) {
    if (!lockdown.holds(message.landlock_min)) {
      return unavailable("this kernel locks it in too little: " + lockdown.describe() +
                         " (connectors.sandbox: best-effort runs it all the same)");
    }
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    JUNCTOR_TRY(plugin::Manifest manifest, plugin::readManifest(path));
    if (manifest.id != message.id || manifest.version != message.version) {
      return invalidArgument("the file is not the one the host looked at");
    }
    JUNCTOR_TRY(connector_,
                plugin::openInProcess(systemClock(), asking_.ports())(std::move(manifest), path));
    return {};
  }

  int serve() {
    for (;;) {
      Frame frame;
      if (!next(frame)) return kExitOk;
      call_ = frame.call;
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

  bool next(Frame& frame) {
    if (waiting_.empty()) return channel_.receive(frame, true) == Channel::Received::Yes;
    frame = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
  }

  // Asks the parent, and keeps what comes before its answer for later.
  std::string ask(const std::string& question) {
    if (!reply(FrameKind::Ask, call_, question)) ::_exit(kExitOk);
    for (;;) {
      Frame frame;
      if (channel_.receive(frame, true) != Channel::Received::Yes) ::_exit(kExitOk);
      if (frame.kind == FrameKind::Answer) return std::move(frame.payload);
      waiting_.push_back(std::move(frame));
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
    if (made) instances_[spec->id] = std::move(*made);
    return packResult(made ? Result<void>() : Result<void>(made.error()));
  }

  std::string call(std::string_view payload) {
    Unpacker in(payload);
    const auto found = instances_.find(in.u64());
    if (found == instances_.end()) return packError(internalError("there is no such instance"));
    plugin::Instance& instance = *found->second;
    const auto method = static_cast<Method>(in.u8());
    if (method > Method::Verify) return CalledMethod(instance, in, board_->flag()).run(method);
    const auto request = readHandle(in);
    if (!request) return packError(internalError("not a request"));
    switch (method) {
      case Method::Handle:
        return packResult(instance.handle(*request, JsonView()));
      case Method::Answer:
        return packResult(instance.answer(*request, JsonView()));
      default:
        return packResult(instance.verify(*request, JsonView(), {}));
    }
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
  AskingPorts asking_{[this](const std::string& question) { return ask(question); }};
  std::optional<Board> board_;
  std::shared_ptr<plugin::Connector> connector_;
  std::map<uint64_t, std::unique_ptr<plugin::Instance>> instances_;
  std::deque<Frame> waiting_;  // came while an answer was awaited
  uint64_t call_ = 0;          // the one that runs
};

}  // namespace

int runConnector(int socket) {
  // Not on the stack, and never destroyed: a connector's destructors are not worth waiting for.
  static Runner& runner = *new Runner(socket);
  return runner.run();
}

}  // namespace junctor::isolation
