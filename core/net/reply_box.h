#pragma once
// How replies from other threads reach the reactor: a mailbox, and an eventfd that is written once
// a burst. Outlives the server as long as a responder does; replies after close() are dropped.
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/threads.h"
#include "net/http_server.h"

namespace junctor::net {

struct Reply {
  uint64_t connection = 0;
  uint64_t sequence = 0;  // which request of that connection
  HttpResponse response;
};

// Takes the replies made on the reactor thread while it is inside this connection's handler call.
class DirectReplies {
 public:
  virtual ~DirectReplies() = default;
  // False: not the connection at work; the reply goes through the mailbox.
  virtual bool onDirectReply(Reply& reply) = 0;
};

class ReplyBox {
 public:
  ReplyBox();
  ~ReplyBox();
  ReplyBox(const ReplyBox&) = delete;
  ReplyBox& operator=(const ReplyBox&) = delete;

  int eventFd() const { return event_fd_; }
  // Any thread.
  void post(Reply reply);
  void wake();
  void close() { closed_ = true; }

  // The reactor thread alone. serve(nullptr) before it ends: thread ids are used again.
  void serve(DirectReplies* direct);
  void clearEvent();
  std::vector<Reply> take() { return mailbox_.takeNow(); }

 private:
  int event_fd_ = -1;
  Mailbox<Reply> mailbox_;
  std::atomic<bool> closed_{false};
  std::atomic<std::thread::id> reactor_{};
  DirectReplies* direct_ = nullptr;  // read on the reactor thread only
};

ResponderPtr makeResponder(std::shared_ptr<ReplyBox> box, uint64_t connection, uint64_t sequence);

}  // namespace junctor::net
