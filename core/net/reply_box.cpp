#include "net/reply_box.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace junctor::net {
namespace {

class BoxResponder final : public Responder {
 public:
  BoxResponder(std::shared_ptr<ReplyBox> box, uint64_t connection, uint64_t sequence)
      : box_(std::move(box)), connection_(connection), sequence_(sequence) {}
  ~BoxResponder() override {
    if (!replied_) reply(problem(500, "no-answer", "the request was dropped without an answer"));
  }

  void reply(HttpResponse response) override {
    if (replied_.exchange(true)) return;
    box_->post({connection_, sequence_, std::move(response)});
  }

 private:
  std::shared_ptr<ReplyBox> box_;
  uint64_t connection_;
  uint64_t sequence_;
  std::atomic<bool> replied_{false};
};

}  // namespace

ReplyBox::ReplyBox() : event_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

ReplyBox::~ReplyBox() {
  if (event_fd_ >= 0) ::close(event_fd_);
}

void ReplyBox::post(Reply reply) {
  if (closed_) return;
  if (reactor_.load(std::memory_order_relaxed) == std::this_thread::get_id() &&
      direct_->onDirectReply(reply)) {
    return;
  }
  if (mailbox_.push(std::move(reply)) == 1) wake();
}

void ReplyBox::wake() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the reactor is awake already.
  [[maybe_unused]] const ssize_t written = ::write(event_fd_, &one, sizeof one);
}

void ReplyBox::serve(DirectReplies* direct) {
  direct_ = direct;
  reactor_ = direct ? std::this_thread::get_id() : std::thread::id();
}

void ReplyBox::clearEvent() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t read = ::read(event_fd_, &count, sizeof count);
}

ResponderPtr makeResponder(std::shared_ptr<ReplyBox> box, uint64_t connection, uint64_t sequence) {
  return std::make_shared<BoxResponder>(std::move(box), connection, sequence);
}

}  // namespace junctor::net
