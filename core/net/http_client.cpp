#include "net/http_client.h"

#include <curl/curl.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/threads.h"
#include "net/connection_pool.h"
#include "net/outbox.h"
#include "net/request_writer.h"
#include "net/url.h"

namespace junctor::net {
namespace {

constexpr int64_t kIdleNs = 55'000'000'000;  // below the minute at which most servers close
constexpr int64_t kConnectionLifeNs = 600'000'000'000;  // a moved name is found again after this
constexpr int64_t kSweepNs = 5'000'000'000;
constexpr int64_t kCheckNs = 50'000'000;  // how late a deadline may be

Error cancelled() {
  return makeError(ErrorCode::Cancelled, "the client has stopped");
}

// The receiver has no part in it: nothing was sent.
Error tooLate() {
  return makeError(ErrorCode::Cancelled, "no free connection in time");
}

// curl_global_init is not thread-safe and belongs to the process; done once, never undone.
void initCurlOnce() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) log::error("net", {}, "libcurl failed to start");
}

class CurlHttpClient final : public HttpClient {
 public:
  explicit CurlHttpClient(const Clock& clock);
  ~CurlHttpClient() override;

  void send(OutboundRequest request, OutboundDone done) override;
  size_t inFlight() const override { return in_flight_.load(std::memory_order_relaxed); }

 private:
  // All below run on the loop thread.
  void run();
  void turn();
  int waitMs() const;
  void onReady(int fd, uint32_t events);
  // Waiting requests.
  void accept(PendingRequest&& pending);
  ConnectionPool& poolFor(const OutboundRequest& request);
  Result<void> resolveUrl(ConnectionPool& pool, const OutboundRequest& request);
  void list(ConnectionPool& pool);
  void startListed();
  bool roomFor(const ConnectionPool& pool);
  void start(ConnectionPool& pool);
  Connection* takeQuiet(ConnectionPool& pool);
  // Running requests.
  void dial(ConnectionPool& pool, PendingRequest&& pending);
  void collectDialed();
  void onDialed(Connection& connection, CURLcode code);
  void advance(Connection& connection);
  void onFinished(Connection& connection);
  void dialAgain(Connection& connection);
  void setActive(Connection& connection, bool active);
  void setOwner(int fd, Connection* connection);
  void giveUp(Connection& connection, Error error);
  void close(Connection& connection);
  void answer(OutboundDone& done, Result<OutboundResponse> result);
  // Time.
  void kick();
  void checkDeadlines();
  void sweep();
  void expireWaiting(ConnectionPool& pool);
  void dropPool(ConnectionPool& pool);
  void cancelAll();

  static int onSocket(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int onTimer(CURLM*, long timeout_ms, void* self);

  const Clock& clock_;
  Outbox outbox_;
  std::atomic<size_t> in_flight_{0};
  // Of the loop thread alone.
  SocketPoller poller_;
  CURLM* const multi_;
  std::unordered_map<std::string, std::unique_ptr<ConnectionPool>> pools_;
  std::deque<ConnectionPool*> listed_;  // pools with a waiting request and a free place, in turn
  std::vector<Connection*> active_;     // with a running request
  std::vector<Connection*> owners_;     // by descriptor, once dialed
  std::vector<PendingRequest> taken_;
  std::string key_;
  std::array<char, 16 * 1024> scratch_;
  size_t waiting_ = 0;
  bool short_of_connections_ = false;
  bool kick_needed_ = false;
  int64_t now_ns_ = 0;
  int64_t timer_ns_ = -1;
  int64_t next_check_ns_ = 0;
  int64_t next_sweep_ns_ = 0;

  Thread thread_;  // last: joins before the rest goes
};

CurlHttpClient::CurlHttpClient(const Clock& clock)
    : clock_(clock), poller_(outbox_.wakeFd()), multi_(curl_multi_init()) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlHttpClient::onSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlHttpClient::onTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  // Above our own caps: curl must not close what it takes for spare.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS,
                    static_cast<long>(8 * limits::kOutboundConnectionsMax));
  thread_ = Thread("http-client", [this] { run(); });
}

CurlHttpClient::~CurlHttpClient() {
  outbox_.close();
  thread_.join();
  curl_multi_cleanup(multi_);
}

void CurlHttpClient::send(OutboundRequest request, OutboundDone done) {
  in_flight_.fetch_add(1, std::memory_order_relaxed);
  PendingRequest pending{std::move(request), std::move(done), 0};
  pending.deadline_ns = clock_.monotonicNs() + pending.request.timeout_ms * 1'000'000;
  if (!outbox_.push(pending)) answer(pending.done, cancelled());
}

void CurlHttpClient::run() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (!outbox_.closed()) turn();
  cancelAll();
  pools_.clear();
}

void CurlHttpClient::turn() {
  outbox_.take(taken_, true);
  const bool may_wait = taken_.empty();
  now_ns_ = clock_.monotonicNs();
  for (PendingRequest& pending : taken_) accept(std::move(pending));
  taken_.clear();
  startListed();
  kick();
  poller_.wait(may_wait ? waitMs() : 0, [this](int fd, uint32_t events) { onReady(fd, events); });
  outbox_.awake();
  now_ns_ = clock_.monotonicNs();
  kick_needed_ |= timer_ns_ >= 0 && now_ns_ >= timer_ns_;
  kick();
  collectDialed();
  if (now_ns_ >= next_check_ns_) checkDeadlines();
  if (now_ns_ >= next_sweep_ns_) sweep();
}

int CurlHttpClient::waitMs() const {
  if (kick_needed_) return 0;
  int64_t until_ns = pools_.empty() ? -1 : next_sweep_ns_;
  const auto sooner = [&until_ns](int64_t ns) {
    if (until_ns < 0 || ns < until_ns) until_ns = ns;
  };
  if (timer_ns_ >= 0) sooner(timer_ns_);
  if (!active_.empty() || waiting_ > 0) sooner(next_check_ns_);
  if (until_ns < 0) return -1;
  const int64_t ms = (until_ns - now_ns_ + 999'999) / 1'000'000;
  return static_cast<int>(std::clamp<int64_t>(ms, 0, 60'000));
}

void CurlHttpClient::onReady(int fd, uint32_t events) {
  now_ns_ = clock_.monotonicNs();  // the wait before may have been long: latencies end here
  const auto index = static_cast<size_t>(fd);
  if (index < owners_.size() && owners_[index] != nullptr) return advance(*owners_[index]);
  int mask = 0;
  if (events & (EPOLLIN | EPOLLHUP)) mask |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
  if (events & EPOLLERR) mask |= CURL_CSELECT_ERR;
  int running = 0;
  curl_multi_socket_action(multi_, fd, mask, &running);
}

ConnectionPool& CurlHttpClient::poolFor(const OutboundRequest& request) {
  key_.assign(request.allow_private ? "+" : "-").append(request.ca_file);
  key_.append(1, '\0').append(request.pool);
  const auto found = pools_.find(key_);
  if (found != pools_.end()) return *found->second;
  auto& made = pools_[key_];
  made = std::make_unique<ConnectionPool>();
  return *made;
}

Result<void> CurlHttpClient::resolveUrl(ConnectionPool& pool, const OutboundRequest& request) {
  if (pool.checked_url == request.url) return {};
  JUNCTOR_CHECK(checkUrl(request.url, request.allow_private));
  pool.checked_url = request.url;
  JUNCTOR_TRY(pool.url, parseUrl(pool.checked_url));
  return {};
}

void CurlHttpClient::accept(PendingRequest&& pending) {
  const OutboundRequest& request = pending.request;
  if (const auto ok = checkRequestHead(request); !ok) return answer(pending.done, ok.error());
  ConnectionPool& pool = poolFor(request);
  if (const auto ok = resolveUrl(pool, request); !ok) return answer(pending.done, ok.error());
  pool.waiting.push_back(std::move(pending));
  ++waiting_;
  list(pool);
}

void CurlHttpClient::list(ConnectionPool& pool) {
  if (pool.listed || pool.waiting.empty() || pool.full()) return;
  pool.listed = true;
  listed_.push_back(&pool);
}

// One request of each pool in turn, so that a busy destination does not keep others waiting.
void CurlHttpClient::startListed() {
  size_t refused = 0;
  while (refused < listed_.size() && active_.size() < limits::kOutboundConnectionsMax) {
    ConnectionPool& pool = *listed_.front();
    listed_.pop_front();
    pool.listed = false;
    if (pool.waiting.empty()) continue;
    if (roomFor(pool)) {
      start(pool);
      refused = 0;
    } else {
      ++refused;
    }
    list(pool);
  }
  // While somebody waits for room, connections are not kept.
  short_of_connections_ = refused > 0;
}

// Kept connections of pools at rest make room, the longest unused first.
bool CurlHttpClient::roomFor(const ConnectionPool& pool) {
  while (!pool.hasIdle() && poller_.connections() >= limits::kOutboundConnectionsMax) {
    ConnectionPool* oldest = nullptr;
    for (const auto& [key, other] : pools_) {
      if (other->busy() || !other->hasIdle()) continue;
      if (oldest == nullptr || other->lastUsedNs() < oldest->lastUsedNs()) oldest = other.get();
    }
    if (oldest == nullptr) return false;
    dropPool(*oldest);
  }
  return true;
}

void CurlHttpClient::start(ConnectionPool& pool) {
  PendingRequest pending = std::move(pool.waiting.front());
  pool.waiting.pop_front();
  --waiting_;
  if (pending.deadline_ns <= now_ns_) return answer(pending.done, tooLate());
  if (const auto ok = resolveUrl(pool, pending.request); !ok) {
    return answer(pending.done, ok.error());
  }
  Connection* const idle = takeQuiet(pool);
  if (idle == nullptr) return dial(pool, std::move(pending));
  idle->assign(std::move(pending), pool.url, now_ns_);
  setActive(*idle, true);
  advance(*idle);
}

// What the server closed since the last look at the sockets would cost the request an attempt.
Connection* CurlHttpClient::takeQuiet(ConnectionPool& pool) {
  Connection* idle = pool.takeIdle(pool.url);
  while (idle != nullptr && !idle->socket().quiet()) {
    close(*idle);
    idle = pool.takeIdle(pool.url);
  }
  return idle;
}

void CurlHttpClient::dial(ConnectionPool& pool, PendingRequest&& pending) {
  Connection& made = pool.open(poller_, pending.request, pool.url, now_ns_);
  made.assign(std::move(pending), pool.url, now_ns_);
  setActive(made, true);
  made.socket().dial(multi_, &made);
  kick_needed_ = true;
}

// Lets curl act on what was added or is due.
void CurlHttpClient::kick() {
  if (!std::exchange(kick_needed_, false)) return;
  int running = 0;
  timer_ns_ = -1;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
}

void CurlHttpClient::collectDialed() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Connection* connection = nullptr;
    const CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &connection);
    onDialed(*connection, code);
  }
}

void CurlHttpClient::onDialed(Connection& connection, CURLcode code) {
  if (code != CURLE_OK) return giveUp(connection, connection.socket().dialError(code));
  if (!connection.socket().takeOver()) return giveUp(connection, unavailable("no connection"));
  setOwner(connection.socket().fd(), &connection);
  advance(connection);
}

void CurlHttpClient::advance(Connection& connection) {
  // An idle connection speaks only to say that it ends.
  if (!connection.busy()) return close(connection);
  if (connection.advance(scratch_) == Connection::Progress::Finished) return onFinished(connection);
  poller_.want(connection.socket().fd(), connection.writing() ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void CurlHttpClient::onFinished(Connection& connection) {
  if (connection.wentStale()) return dialAgain(connection);
  ConnectionPool& pool = connection.pool();
  Result<OutboundResponse> result = connection.result(now_ns_);
  PendingRequest pending = connection.takePending();
  setActive(connection, false);
  const bool keep = connection.reusable() && !short_of_connections_ &&
                    now_ns_ - connection.openedNs() < kConnectionLifeNs;
  if (keep) {
    poller_.want(connection.socket().fd(), EPOLLIN);
    pool.rest(connection, now_ns_);
  } else {
    close(connection);
  }
  list(pool);
  answer(pending.done, std::move(result));
}

// The kept connection ended before the request was out whole; it goes out on a new one.
void CurlHttpClient::dialAgain(Connection& connection) {
  ConnectionPool& pool = connection.pool();
  PendingRequest pending = connection.takePending();
  setActive(connection, false);
  close(connection);
  if (const auto ok = resolveUrl(pool, pending.request); !ok) {
    return answer(pending.done, ok.error());
  }
  dial(pool, std::move(pending));
}

void CurlHttpClient::setActive(Connection& connection, bool active) {
  if (active) {
    connection.active_index = active_.size();
    active_.push_back(&connection);
    return;
  }
  active_.back()->active_index = connection.active_index;
  active_[connection.active_index] = active_.back();
  active_.pop_back();
}

void CurlHttpClient::setOwner(int fd, Connection* connection) {
  if (fd < 0) return;
  const auto index = static_cast<size_t>(fd);
  if (index >= owners_.size()) owners_.resize(index + 64);
  owners_[index] = connection;
}

void CurlHttpClient::giveUp(Connection& connection, Error error) {
  ConnectionPool& pool = connection.pool();
  PendingRequest pending = connection.takePending();
  setActive(connection, false);
  close(connection);
  list(pool);
  answer(pending.done, std::move(error));
}

void CurlHttpClient::close(Connection& connection) {
  setOwner(connection.socket().fd(), nullptr);
  connection.pool().close(connection);
}

void CurlHttpClient::answer(OutboundDone& done, Result<OutboundResponse> result) {
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  try {
    done(std::move(result));
  } catch (const std::exception& error) {
    log::error("net", {}, "a receiver of answers threw: {}", error.what());
  } catch (...) {
    log::error("net", {}, "a receiver of answers threw");
  }
}

void CurlHttpClient::checkDeadlines() {
  next_check_ns_ = now_ns_ + kCheckNs;
  for (size_t i = active_.size(); i-- > 0;) {
    if (i < active_.size() && active_[i]->deadlineNs() <= now_ns_) {
      giveUp(*active_[i], makeError(ErrorCode::DeadlineExceeded, "no complete answer in time"));
    }
  }
  if (waiting_ == 0) return;
  for (const auto& [key, pool] : pools_) expireWaiting(*pool);
}

void CurlHttpClient::expireWaiting(ConnectionPool& pool) {
  std::deque<PendingRequest> kept;
  for (PendingRequest& pending : pool.waiting) {
    if (pending.deadline_ns > now_ns_) {
      kept.push_back(std::move(pending));
    } else {
      --waiting_;
      answer(pending.done, tooLate());
    }
  }
  pool.waiting.swap(kept);
}

void CurlHttpClient::sweep() {
  next_sweep_ns_ = now_ns_ + kSweepNs;
  std::vector<ConnectionPool*> at_rest;
  for (const auto& [key, pool] : pools_) {
    for (Connection* old : pool->idleSince(now_ns_ - kIdleNs)) close(*old);
    if (!pool->busy() && !pool->hasIdle()) at_rest.push_back(pool.get());
  }
  for (ConnectionPool* pool : at_rest) dropPool(*pool);
}

void CurlHttpClient::dropPool(ConnectionPool& pool) {
  for (Connection* idle : pool.idleSince(now_ns_)) close(*idle);
  std::erase(listed_, &pool);
  std::erase_if(pools_, [&](const auto& entry) { return entry.second.get() == &pool; });
}

void CurlHttpClient::cancelAll() {
  outbox_.take(taken_, false);
  for (PendingRequest& pending : taken_) answer(pending.done, cancelled());
  taken_.clear();
  while (!active_.empty()) giveUp(*active_.back(), cancelled());
  for (const auto& [key, pool] : pools_) {
    for (PendingRequest& pending : pool->waiting) answer(pending.done, cancelled());
    pool->waiting.clear();
  }
}

int CurlHttpClient::onSocket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  uint32_t events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
  static_cast<CurlHttpClient*>(self)->poller_.want(fd, events);
  return 0;
}

int CurlHttpClient::onTimer(CURLM*, long timeout_ms, void* self) {
  auto& client = *static_cast<CurlHttpClient*>(self);
  client.timer_ns_ = timeout_ms < 0 ? -1 : client.clock_.monotonicNs() + timeout_ms * 1'000'000;
  return 0;
}

}  // namespace

std::unique_ptr<HttpClient> startHttpClient(const Clock& clock) {
  initCurlOnce();
  return std::make_unique<CurlHttpClient>(clock);
}

}  // namespace junctor::net
