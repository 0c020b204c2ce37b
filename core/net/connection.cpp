#include "net/connection.h"

#include "net/connection_pool.h"
#include "net/request_writer.h"

namespace junctor::net {

using State = ResponseReader::State;
using IoState = DialedSocket::Io::State;

Connection::Connection(ConnectionPool& pool, SocketPoller& poller, const OutboundRequest& first,
                       const Url& url, int64_t now_ns)
    : pool_(pool),
      socket_(poller, pool.connections, first, url.tls),
      tls_(url.tls),
      port_(url.port),
      host_(url.host),
      opened_ns_(now_ns) {}

void Connection::assign(PendingRequest&& pending, const Url& url, int64_t now_ns) {
  reused_ = connected();
  stale_ = failed_ = lost_ = reusable_ = false;
  head_.clear();
  writeRequestHead(pending.request, url, head_);
  reader_.reset(pending.request.method == "HEAD", pending.request.response_bytes_max);
  pending_ = std::move(pending);
  written_ = 0;
  started_ns_ = now_ns;
}

std::string_view Connection::bodyOf() const {
  const auto& body = pending_->request.body;
  return body != nullptr ? std::string_view(*body) : std::string_view();
}

Connection::Progress Connection::advance(std::span<char> scratch) {
  if (writing() && !writeSome() && written_ == 0) return finishEnded();
  return readSome(scratch);
}

// A peer that stops reading may have answered: what it said is read before anything is concluded.
bool Connection::writeSome() {
  while (writing()) {
    const auto io = socket_.write(head_, bodyOf(), written_);
    if (io.state == IoState::Again) return true;
    if (io.state != IoState::Ok) {
      if (io.state == IoState::Lost) lost_ = true;  // told once: a read may see a plain end
      return false;
    }
    written_ += io.bytes;
  }
  return true;
}

Connection::Progress Connection::readSome(std::span<char> scratch) {
  while (true) {
    const auto io = socket_.read(scratch.data(), scratch.size());
    if (io.state == IoState::Again) return Progress::Waiting;
    if (io.state == IoState::Lost) lost_ = true;
    if (io.state != IoState::Ok) return finishEnded();
    const State state = reader_.read({scratch.data(), io.bytes});
    if (state != State::NeedMore) return finish(state);
    if (!socket_.tls() && io.bytes < scratch.size()) return Progress::Waiting;
  }
}

Connection::Progress Connection::finishEnded() {
  return finish(lost_ ? reader_.cutOff() : reader_.end());
}

Connection::Progress Connection::finish(State state) {
  failed_ = state == State::Failed;
  // A request that went out whole may have been acted on: only its owner may send it again.
  stale_ = failed_ && !reader_.begun() && writing();
  reusable_ = !failed_ && reader_.keepAlive() && !writing();
  return Progress::Finished;
}

Result<OutboundResponse> Connection::result(int64_t now_ns) {
  if (failed_) return reader_.error();
  reader_.response().latency_us = (now_ns - started_ns_) / 1000;
  return std::move(reader_.response());
}

PendingRequest Connection::takePending() {
  PendingRequest out = *std::move(pending_);
  pending_.reset();
  return out;
}

}  // namespace junctor::net
