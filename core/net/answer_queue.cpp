#include "net/answer_queue.h"

#include <utility>

namespace junctor::net {

uint64_t AnswerQueue::owe(const ResponseFraming& framing) {
  Slot& slot = slots_.emplace_back();
  slot.framing = framing;
  return first_sequence_ + slots_.size() - 1;
}

void AnswerQueue::add(std::string wire, bool close) {
  ResponseFraming framing;
  framing.close = close;
  fulfil(owe(framing), std::move(wire));
}

ResponseFraming* AnswerQueue::findAwaited(uint64_t sequence) {
  if (sequence < first_sequence_ || sequence >= first_sequence_ + slots_.size()) return nullptr;
  Slot& slot = slots_[static_cast<size_t>(sequence - first_sequence_)];
  return slot.ready ? nullptr : &slot.framing;
}

void AnswerQueue::fulfil(uint64_t sequence, std::string wire) {
  Slot& slot = slots_[static_cast<size_t>(sequence - first_sequence_)];
  slot.wire = std::move(wire);
  slot.ready = true;
}

void AnswerQueue::collect() {
  size_t ready = 0;
  while (ready < slots_.size() && slots_[ready].ready && !ended_) {
    Slot& slot = slots_[ready++];
    if (output_.empty()) {
      output_ = std::move(slot.wire);
    } else {
      output_ += slot.wire;
    }
    ended_ = slot.framing.close;
  }
  if (ended_) ready = slots_.size();
  if (ready == 0) return;
  slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(ready));
  first_sequence_ += ready;
}

AnswerQueue::Write AnswerQueue::write(Channel& channel) {
  collect();
  while (written_ < output_.size()) {
    const int count = channel.write(output_.data() + written_, output_.size() - written_);
    if (count == Channel::kAgainWrite) return Write::Blocked;
    if (count <= 0) return Write::Broken;
    written_ += static_cast<size_t>(count);
  }
  output_ = {};
  written_ = 0;
  return Write::Done;
}

}  // namespace junctor::net
