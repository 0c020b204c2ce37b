#include "net/connection_pool.h"

namespace junctor::net {

ConnectionPool::ConnectionPool(SocketPoller& poller) : poller_(poller), share_(curl_share_init()) {
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
}

ConnectionPool::~ConnectionPool() {
  transfers_.clear();
  curl_share_cleanup(share_);
}

Transfer& ConnectionPool::borrow() {
  ++running_;
  if (free_.empty()) {
    transfers_.push_back(std::make_unique<Transfer>(*this, share_, poller_));
    return *transfers_.back();
  }
  Transfer& transfer = *free_.back();
  free_.pop_back();
  return transfer;
}

void ConnectionPool::giveBack(Transfer& transfer, int64_t now_ns) {
  --running_;
  last_used_ns_ = now_ns;
  free_.push_back(&transfer);
}

}  // namespace junctor::net
