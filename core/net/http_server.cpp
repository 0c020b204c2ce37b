#include "net/http_server.h"

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/threads.h"
#include "net/channel.h"
#include "net/http_connection.h"
#include "net/reactor.h"
#include "net/tls_context.h"

namespace junctor::net {
namespace {

constexpr size_t kReadBufferBytes = 64 * 1024;
constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 256;
constexpr int64_t kSweepMaxMs = 250;

std::string addressText(const sockaddr_storage& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  if (peer.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, text, sizeof text);
  } else if (peer.ss_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr, text,
                sizeof text);
  }
  constexpr std::string_view kMapped = "::ffff:";  // an IPv4 peer of a dual-stack listener
  const std::string_view view = text;
  const bool mapped = view.starts_with(kMapped) && view.find('.') != view.npos;
  return std::string(mapped ? view.substr(kMapped.size()) : view);
}

int64_t sweepInterval(const HttpServerOptions& options) {
  const int64_t shortest = std::min({options.header_deadline_ms, options.request_deadline_ms,
                                     options.response_deadline_ms, options.idle_deadline_ms});
  return std::clamp<int64_t>(shortest / 4, 5, kSweepMaxMs);
}

class ReactorServer final : public HttpServer, private ConnectionOwner, private DirectReplies {
 public:
  ReactorServer(HttpServerOptions options, HttpHandler& handler, const Clock& clock,
                Poco::Net::ServerSocket listener, TlsContextPtr tls)
      : options_(std::move(options)),
        listener_(std::move(listener)),
        bound_(listener_.address()),
        tls_(std::move(tls)),
        sweep_ms_(sweepInterval(options_)),
        reactor_(sweep_ms_, [this] { logged(options_.name, [this] { turn(); }); }),
        context_{options_, handler, clock, *this, reactor_, std::make_shared<ReplyBox>(), {}, {},
                 {},       0,       0,     false, nullptr},
        event_(adoptDescriptor(::dup(context_.replies->eventFd()))) {
    context_.buffer.resize(kReadBufferBytes);
    context_.now_ms = clock.monotonicMs();
    thread_ = Thread(options_.name, [this] { run(); });
  }

  ~ReactorServer() override {
    context_.replies->close();
    reactor_.stop();
    context_.replies->wake();
    thread_.join();
  }

  std::string address() const override { return bound_.toString(); }
  uint16_t port() const override { return bound_.port(); }
  void drain(int64_t deadline_ms) override;
  Result<void> reloadTls() override;
  HttpServerStats stats() const override;

 private:
  void run();
  void turn();
  void onEvent();
  void onAcceptable();
  void admit(int descriptor, const std::string& remote_ip);
  void deliver();
  void beginDrain();
  void sweep();
  void reap();

  void onFinished(HttpConnection& connection) override;
  void readAgain(HttpConnection& connection) override { again_.push_back(connection.id()); }
  bool onDirectReply(Reply& reply) override;
  HttpConnection* find(uint64_t id);
  TlsContextPtr currentTls();

  const HttpServerOptions options_;
  Poco::Net::ServerSocket listener_;
  const Poco::Net::SocketAddress bound_;
  std::mutex mutex_;  // guards tls_ and drained_
  TlsContextPtr tls_;
  std::condition_variable drained_signal_;
  bool drained_ = false;
  std::atomic<bool> drain_wanted_{false};

  // The reactor thread's own from here on.
  const int64_t sweep_ms_;
  Reactor reactor_;
  FrontContext context_;
  Poco::Net::StreamSocket event_;
  std::unique_ptr<EventSource> event_source_;
  std::unique_ptr<EventSource> accept_source_;
  std::unordered_map<uint64_t, std::unique_ptr<HttpConnection>> connections_;
  std::unordered_map<std::string, size_t> per_address_;
  std::vector<uint64_t> dead_;
  std::vector<uint64_t> again_;
  uint64_t next_id_ = 1;
  int64_t next_sweep_ms_ = 0;
  bool accept_paused_ = false;
  Thread thread_;
};

// -- Any thread

void ReactorServer::drain(int64_t deadline_ms) {
  drain_wanted_ = true;
  context_.replies->wake();
  std::unique_lock lock(mutex_);
  const auto is_drained = [this] { return drained_; };
  if (drained_signal_.wait_for(lock, std::chrono::milliseconds(deadline_ms), is_drained)) return;
  log::warn("net", {{"listener", options_.name}}, "{} connections cut off at the drain's deadline",
            context_.counters.connections_open.load());
  reactor_.stop();
  context_.replies->wake();
  drained_signal_.wait(lock, is_drained);
}

Result<void> ReactorServer::reloadTls() {
  if (!options_.tls) return {};
  JUNCTOR_TRY(TlsContextPtr fresh, makeServerTls(*options_.tls));
  std::lock_guard lock(mutex_);
  tls_ = std::move(fresh);
  return {};
}

TlsContextPtr ReactorServer::currentTls() {
  std::lock_guard lock(mutex_);
  return tls_;
}

HttpServerStats ReactorServer::stats() const {
  const FrontCounters& counters = context_.counters;
  return {counters.connections_open, counters.connections_total, counters.connections_refused,
          counters.requests_total,   counters.malformed_total,   counters.timeouts_total,
          counters.shed_total};
}

// -- The reactor thread

void ReactorServer::run() {
  // A write through TLS to a closed peer raises SIGPIPE; only this thread writes.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  context_.replies->serve(this);
  logged(options_.name, [this] {
    event_source_ = std::make_unique<EventSource>(
        reactor_, event_, [this] { logged(options_.name, [this] { onEvent(); }); });
    accept_source_ = std::make_unique<EventSource>(
        reactor_, listener_, [this] { logged(options_.name, [this] { onAcceptable(); }); });
    reactor_.run();
  });
  context_.replies->close();
  context_.replies->serve(nullptr);
  connections_.clear();
  context_.counters.connections_open = 0;
  accept_source_.reset();
  event_source_.reset();
  listener_.close();
  std::lock_guard lock(mutex_);
  drained_ = true;
  drained_signal_.notify_all();
}

void ReactorServer::turn() {
  context_.now_ms = context_.clock.monotonicMs();
  context_.unix_ms = context_.clock.unixMs();
  reap();
  if (!again_.empty()) {
    for (const uint64_t id : std::exchange(again_, {})) {
      if (HttpConnection* connection = find(id)) connection->onReadable();
    }
    if (!again_.empty()) context_.replies->wake();
  }
  if (context_.now_ms >= next_sweep_ms_) sweep();
}

void ReactorServer::sweep() {
  next_sweep_ms_ = context_.now_ms + sweep_ms_;
  for (const auto& [id, connection] : connections_) connection->sweep();
  if (accept_paused_ && accept_source_) {
    accept_paused_ = false;
    accept_source_->want(true);
  }
}

void ReactorServer::reap() {
  for (const uint64_t id : dead_) connections_.erase(id);
  dead_.clear();
  if (!context_.draining || !connections_.empty()) return;
  std::lock_guard lock(mutex_);
  drained_ = true;
  drained_signal_.notify_all();
}

void ReactorServer::onEvent() {
  context_.replies->clearEvent();
  deliver();
  if (drain_wanted_ && !context_.draining) beginDrain();
}

// A burst of replies is one wake-up; answers to one connection leave in one write.
void ReactorServer::deliver() {
  std::vector<HttpConnection*> touched;
  for (Reply& reply : context_.replies->take()) {
    HttpConnection* connection = find(reply.connection);
    if (!connection) continue;
    connection->takeReply(reply.sequence, std::move(reply.response));
    if (touched.empty() || touched.back() != connection) touched.push_back(connection);
  }
  for (HttpConnection* connection : touched) connection->onReplies();
}

void ReactorServer::beginDrain() {
  onAcceptable();  // who has connected already is served
  context_.draining = true;
  accept_source_.reset();
  listener_.close();
  for (const auto& [id, connection] : connections_) connection->onDrain();
  context_.replies->wake();
}

void ReactorServer::onAcceptable() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int descriptor = ::accept4(listener_.impl()->sockfd(), reinterpret_cast<sockaddr*>(&peer),
                                     &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      logged(options_.name, [&] { admit(descriptor, addressText(peer)); });
      continue;
    }
    if (errno == ECONNABORTED || errno == EINTR) continue;
    if (errno == EAGAIN) return;
    // Out of descriptors or memory. The listener stays readable: rest until the next sweep.
    log::warn("net", {{"listener", options_.name}}, "cannot accept: {}", std::strerror(errno));
    accept_paused_ = true;
    accept_source_->want(false);
    return;
  }
}

void ReactorServer::admit(int descriptor, const std::string& remote_ip) {
  auto& counters = context_.counters;
  size_t& from_address = per_address_[remote_ip];
  if (counters.connections_open >= options_.connections_max ||
      from_address >= options_.connections_per_address_max) {
    ++counters.connections_refused;
    if (from_address == 0) per_address_.erase(remote_ip);
    ::close(descriptor);
    return;
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const uint64_t id = next_id_++;
  auto connection =
      std::make_unique<HttpConnection>(id, descriptor, currentTls(), remote_ip, context_);
  connections_.emplace(id, std::move(connection));
  ++from_address;
  ++counters.connections_open;
  ++counters.connections_total;
}

void ReactorServer::onFinished(HttpConnection& connection) {
  dead_.push_back(connection.id());
  --context_.counters.connections_open;
  const auto entry = per_address_.find(connection.remoteIp());
  if (entry != per_address_.end() && --entry->second == 0) per_address_.erase(entry);
  if (context_.draining) context_.replies->wake();
}

bool ReactorServer::onDirectReply(Reply& reply) {
  HttpConnection* connection = context_.at_work;
  if (!connection || connection->id() != reply.connection) return false;
  connection->takeReply(reply.sequence, std::move(reply.response));
  return true;
}

HttpConnection* ReactorServer::find(uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> startHttpServer(const HttpServerOptions& options,
                                                    HttpHandler& handler, const Clock& clock) {
  TlsContextPtr tls;
  if (options.tls) {
    JUNCTOR_TRY(tls, makeServerTls(*options.tls));
  }
  try {
    Poco::Net::ServerSocket listener;
    // Not the short form: Poco would set SO_REUSEPORT, and a second server on the port would
    // silently share it.
    listener.bind(Poco::Net::SocketAddress(options.address), true, false);
    listener.listen(kBacklog);
    listener.setBlocking(false);
    return std::unique_ptr<HttpServer>(std::make_unique<ReactorServer>(
        options, handler, clock, std::move(listener), std::move(tls)));
  } catch (const Poco::Exception& exception) {
    return unavailable("cannot listen on " + options.address + ": " + exception.displayText());
  }
}

}  // namespace junctor::net
