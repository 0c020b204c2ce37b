#pragma once
// Transfer: one request at a time on one curl handle, which is kept for the next. One thread.
// Options that never change are set once, the others only when they differ: setting them all costs
// as much as a quarter of the request.
#include <curl/curl.h>

#include <string>
#include <utility>
#include <vector>

#include "net/outbox.h"
#include "net/socket_poller.h"

namespace junctor::net {

class ConnectionPool;

class Transfer {
 public:
  Transfer(ConnectionPool& pool, CURLSH* connections, SocketPoller& poller);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Takes the request; the handle is then ready for curl_multi_add_handle.
  void prepare(PendingRequest&& pending, int64_t now_ns);
  // The outcome, once curl is done with the handle. Leaves the transfer ready for prepare().
  Result<OutboundResponse> finish(CURLcode code, int64_t now_ns);
  OutboundDone takeDone() { return std::exchange(pending_.done, nullptr); }
  // The connection is closed behind this answer instead of being kept.
  void closeAfterwards(bool close);

  CURL* handle() const { return easy_; }
  ConnectionPool& pool() const { return pool_; }

 private:
  void setConstantOptions(CURLSH* connections);
  void setMethod(const std::string& method, bool has_body);
  void setBody(const std::string* body);
  void setHeaders(const Headers& headers);
  void setDeadlines(int64_t now_ns);
  Error errorOf(CURLcode code) const;

  static curl_socket_t openSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int closeSocket(void* poller, curl_socket_t fd);
  static size_t readHeader(char* data, size_t size, size_t count, void* self);
  static size_t readBody(char* data, size_t size, size_t count, void* self);
  bool takeHeaderLine(std::string_view line);
  bool takeField(std::string_view name, std::string_view value);

  ConnectionPool& pool_;
  SocketPoller& poller_;
  CURL* const easy_;
  // What the handle is set to.
  std::string url_, method_, ca_file_;
  bool has_body_ = false;
  bool close_afterwards_ = false;
  int64_t connect_timeout_ms_ = -1;
  // The running request.
  PendingRequest pending_;
  int64_t started_ns_ = 0;
  OutboundResponse response_;
  size_t header_bytes_ = 0;
  bool head_complete_ = false;
  bool over_cap_ = false;
  bool broken_ = false;
  std::string denied_reason_;
  std::string header_text_;              // the request's header lines, one after the other
  std::vector<curl_slist> header_list_;  // curl's view of them
};

// InvalidArgument if method or headers cannot be sent as they are: they would break the framing,
// or the framing is the client's own business.
Result<void> checkRequestHead(const OutboundRequest& request);

}  // namespace junctor::net
