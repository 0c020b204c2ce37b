#include "net/http_client.h"

#include <curl/curl.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/threads.h"
#include "net/connection_pool.h"
#include "net/outbox.h"
#include "net/url.h"

namespace junctor::net {
namespace {

constexpr int64_t kPoolIdleNs = 60'000'000'000;
constexpr int64_t kRestSweepNs = 5'000'000'000;
constexpr int64_t kLateSweepNs = 100'000'000;  // how late a request that never got a turn may be

Error cancelled() {
  return makeError(ErrorCode::Cancelled, "the client has stopped");
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
  void accept(PendingRequest&& pending);
  ConnectionPool& poolFor(const OutboundRequest& request);
  void list(ConnectionPool& pool);
  void startListed();
  bool roomFor(const ConnectionPool& pool);
  void start(ConnectionPool& pool);
  void kick();
  void collectFinished();
  void finish(Transfer& transfer, CURLcode code);
  void answer(OutboundDone& done, Result<OutboundResponse> result);
  void sweep();
  void dropPool(ConnectionPool& pool);
  void cancelAll();
  int waitMs() const;

  static int onSocket(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int onTimer(CURLM*, long timeout_ms, void* self);

  const Clock& clock_;
  Outbox outbox_;
  std::atomic<size_t> in_flight_{0};
  // Of the loop thread alone.
  SocketPoller poller_;
  CURLM* const multi_;
  std::unordered_map<std::string, std::unique_ptr<ConnectionPool>> pools_;
  std::deque<ConnectionPool*> listed_;  // pools with a waiting request and a free handle, in turn
  std::vector<PendingRequest> taken_;
  std::string key_;
  size_t running_ = 0;
  size_t waiting_ = 0;
  bool short_of_connections_ = false;
  bool kick_needed_ = false;
  int64_t now_ns_ = 0;
  int64_t timer_ns_ = -1;
  int64_t next_sweep_ns_ = 0;

  Thread thread_;  // last: joins before the rest goes
};

CurlHttpClient::CurlHttpClient(const Clock& clock)
    : clock_(clock), poller_(outbox_.wakeFd()), multi_(curl_multi_init()) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlHttpClient::onSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlHttpClient::onTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS,
                    static_cast<long>(limits::kConnectionsPerDestination));
  thread_ = Thread("http-client", [this] { run(); });
}

CurlHttpClient::~CurlHttpClient() {
  outbox_.close();
  thread_.join();
  curl_multi_cleanup(multi_);
}

void CurlHttpClient::send(OutboundRequest request, OutboundDone done) {
  in_flight_.fetch_add(1, std::memory_order_relaxed);
  const int64_t now_ns = clock_.monotonicNs();
  PendingRequest pending{std::move(request), std::move(done), now_ns, 0};
  pending.deadline_ns = now_ns + pending.request.timeout_ms * 1'000'000;
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
  const bool slept = taken_.empty();
  now_ns_ = clock_.monotonicNs();
  for (PendingRequest& pending : taken_) accept(std::move(pending));
  taken_.clear();
  startListed();
  kick();
  if (waiting_ > 0) next_sweep_ns_ = std::min(next_sweep_ns_, now_ns_ + kLateSweepNs);
  poller_.wait(slept ? waitMs() : 0, [this](int fd, uint32_t events) {
    int mask = 0;
    if (events & (EPOLLIN | EPOLLHUP)) mask |= CURL_CSELECT_IN;
    if (events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
    if (events & EPOLLERR) mask |= CURL_CSELECT_ERR;
    int running = 0;
    curl_multi_socket_action(multi_, fd, mask, &running);
  });
  outbox_.awake();
  now_ns_ = clock_.monotonicNs();
  kick_needed_ |= timer_ns_ >= 0 && now_ns_ >= timer_ns_;
  kick();
  collectFinished();
  if (now_ns_ >= next_sweep_ns_) sweep();
}

// Lets curl act on what was added or is due.
void CurlHttpClient::kick() {
  if (!std::exchange(kick_needed_, false)) return;
  int running = 0;
  timer_ns_ = -1;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
}

int CurlHttpClient::waitMs() const {
  if (kick_needed_) return 0;
  int64_t until_ns = pools_.empty() ? -1 : next_sweep_ns_;
  if (timer_ns_ >= 0 && (until_ns < 0 || timer_ns_ < until_ns)) until_ns = timer_ns_;
  if (until_ns < 0) return -1;
  const int64_t ms = (until_ns - now_ns_ + 999'999) / 1'000'000;
  return static_cast<int>(std::clamp<int64_t>(ms, 0, 60'000));
}

ConnectionPool& CurlHttpClient::poolFor(const OutboundRequest& request) {
  key_.assign(request.allow_private ? "+" : "-").append(request.ca_file);
  key_.append(1, '\0').append(request.pool);
  const auto found = pools_.find(key_);
  if (found != pools_.end()) return *found->second;
  auto& made = pools_[key_];
  made = std::make_unique<ConnectionPool>(poller_);
  return *made;
}

void CurlHttpClient::accept(PendingRequest&& pending) {
  const OutboundRequest& request = pending.request;
  if (const auto ok = checkRequestHead(request); !ok) return answer(pending.done, ok.error());
  ConnectionPool& pool = poolFor(request);
  if (pool.checked_url != request.url) {
    const auto ok = checkUrl(request.url, request.allow_private);
    if (!ok) return answer(pending.done, ok.error());
    pool.checked_url = request.url;
  }
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
  while (refused < listed_.size() && running_ < limits::kOutboundConnectionsMax) {
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
  while (!pool.hasSpare() && poller_.connections() >= limits::kOutboundConnectionsMax) {
    ConnectionPool* oldest = nullptr;
    for (const auto& [key, other] : pools_) {
      if (other->busy() || other->connections == 0) continue;
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
  if (pending.deadline_ns <= now_ns_) {
    return answer(pending.done,
                  makeError(ErrorCode::DeadlineExceeded, "no free connection in time"));
  }
  Transfer& transfer = pool.borrow();
  transfer.prepare(std::move(pending), now_ns_);
  transfer.closeAfterwards(short_of_connections_);
  ++running_;
  curl_multi_add_handle(multi_, transfer.handle());
  kick_needed_ = true;
}

void CurlHttpClient::collectFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Transfer* transfer = nullptr;
    const CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    finish(*transfer, code);
  }
}

void CurlHttpClient::finish(Transfer& transfer, CURLcode code) {
  Result<OutboundResponse> result = transfer.finish(code, now_ns_);
  OutboundDone done = transfer.takeDone();
  ConnectionPool& pool = transfer.pool();
  curl_multi_remove_handle(multi_, transfer.handle());
  pool.giveBack(transfer, now_ns_);
  --running_;
  list(pool);
  answer(done, std::move(result));
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

void CurlHttpClient::sweep() {
  next_sweep_ns_ = now_ns_ + kRestSweepNs;
  std::vector<PendingRequest> late;
  std::vector<ConnectionPool*> at_rest;
  for (const auto& [key, pool] : pools_) {
    for (auto it = pool->waiting.begin(); it != pool->waiting.end();) {
      if (it->deadline_ns > now_ns_) {
        ++it;
        continue;
      }
      late.push_back(std::move(*it));
      it = pool->waiting.erase(it);
      --waiting_;
    }
    if (!pool->busy() && pool->lastUsedNs() + kPoolIdleNs <= now_ns_) at_rest.push_back(pool.get());
  }
  for (ConnectionPool* pool : at_rest) dropPool(*pool);
  for (PendingRequest& pending : late) {
    answer(pending.done, makeError(ErrorCode::DeadlineExceeded, "no free connection in time"));
  }
}

void CurlHttpClient::dropPool(ConnectionPool& pool) {
  std::erase(listed_, &pool);
  std::erase_if(pools_, [&](const auto& entry) { return entry.second.get() == &pool; });
}

void CurlHttpClient::cancelAll() {
  outbox_.take(taken_, false);
  for (PendingRequest& pending : taken_) answer(pending.done, cancelled());
  taken_.clear();
  for (const auto& [key, pool] : pools_) {
    for (const auto& transfer : pool->transfers()) {
      curl_multi_remove_handle(multi_, transfer->handle());
      OutboundDone done = transfer->takeDone();
      if (done) answer(done, cancelled());
    }
    while (!pool->waiting.empty()) {
      OutboundDone done = std::move(pool->waiting.front().done);
      pool->waiting.pop_front();
      answer(done, cancelled());
    }
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
