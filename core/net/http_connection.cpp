#include "net/http_connection.h"

#include <Poco/Exception.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace junctor::net {
namespace {

constexpr int kTlsReadsPerTurn = 16;  // one TLS read is one record of <= 16 KiB
constexpr int64_t kLingerMs = 1'000;  // for a peer to read our last answer
constexpr size_t kLingerBytesMax = 4 * 1024 * 1024;
constexpr size_t kBodyReserveMax = 64 * 1024;  // a promised length is not yet a body

ResponseFraming framingOf(const RequestHead& head) {
  return {.head_only = head.request.method == "HEAD",
          .http_1_0 = head.http_1_0,
          .close = !head.keep_alive};
}

std::string problemWire(const Refusal& refusal, bool head_only, std::string_view date) {
  const HttpResponse response = problem(refusal.status, "bad-request", refusal.why);
  return *writeResponse(response, {.head_only = head_only, .close = true}, date);
}

}  // namespace

HttpConnection::HttpConnection(uint64_t id, int descriptor, const TlsContextPtr& tls,
                               std::string remote_ip, FrontContext& context)
    : context_(context),
      id_(id),
      remote_ip_(std::move(remote_ip)),
      channel_(descriptor, tls),
      watch_(context.reactor, channel_.socket(), *this),
      last_active_ms_(context.now_ms) {}

// -- Events. An exception ends this connection and nothing else.

template <class Work>
void HttpConnection::guarded(Work work) {
  if (finished_) return;
  context_.at_work = this;
  try {
    work();
    settle();
  } catch (const Poco::Exception& exception) {
    log::warn("net", {{"peer", remote_ip_}}, "connection failed: {}", exception.displayText());
    finish();
  } catch (const std::exception& exception) {
    log::error("net", {{"peer", remote_ip_}}, "connection failed: {}", exception.what());
    finish();
  }
  context_.at_work = nullptr;
}

void HttpConnection::onReplies() {
  guarded([] {});
}

void HttpConnection::onReadable() {
  guarded([this] { readSome(); });
}

void HttpConnection::onWritable() {
  guarded([this] {
    if (tls_wants_write_) readSome();
  });
}

void HttpConnection::onBroken() {
  finish();
}

void HttpConnection::onDrain() {
  guarded([this] { readSome(); });  // a request may already wait in the socket
}

// -- Reading

bool HttpConnection::paused() const {
  return answers_.owed() >= limits::kPipelineMax || write_started_ms_ != 0;
}

void HttpConnection::readSome() {
  if (phase_ == Phase::Linger) return linger();
  for (int round = 0; round < kTlsReadsPerTurn; ++round) {
    if (!open() || paused() || peer_ended_) return;
    const int count = channel_.read(context_.buffer.data(), context_.buffer.size());
    tls_wants_write_ = count == Channel::kAgainWrite;
    if (count == Channel::kBroken) return finish();
    if (count < 0) return;
    if (count == 0) return onEnd();
    last_active_ms_ = context_.now_ms;
    take({context_.buffer.data(), static_cast<size_t>(count)});
    if (!channel_.secure()) return;  // the reactor says so if there is more
  }
  if (channel_.hasPending()) context_.owner.readAgain(*this);
}

void HttpConnection::take(std::string_view bytes) {
  if (!input_.empty()) {
    input_.append(bytes);
    return resumeInput();
  }
  const size_t used = consume(bytes);
  if (used < bytes.size() && open()) input_.assign(bytes.substr(used));
}

void HttpConnection::resumeInput() {
  const size_t used = consume(input_);
  if (used == input_.size() || !open()) {
    input_ = {};
  } else {
    input_.erase(0, used);
  }
}

// Starts as many requests as `bytes` hold and the pipeline allows.
size_t HttpConnection::consume(std::string_view bytes) {
  size_t used = 0;
  stalled_ = false;
  while (used < bytes.size() && open()) {
    if (!partial_ && paused()) {
      stalled_ = true;
      request_started_ms_ = 0;
      break;
    }
    if (!(partial_ ? readBody(bytes, used) : readHead(bytes, used))) break;
  }
  return used;
}

bool HttpConnection::readHead(std::string_view bytes, size_t& used) {
  const std::string_view rest = bytes.substr(used);
  const HeadScanner::State state = scanner_.scan(rest);
  if (state == HeadScanner::State::NeedMore) {
    if (request_started_ms_ == 0) request_started_ms_ = context_.now_ms;
    return false;
  }
  if (state == HeadScanner::State::Refused) return refuse(scanner_.refusal()), false;
  RequestHead head;
  const auto refusal = parseHead(scanner_.head(rest), head);
  used += scanner_.end();
  scanner_.reset();
  if (refusal) return refuse(*refusal, head.request.method == "HEAD"), false;
  startRequest(head, bytes, used);
  return true;
}

void HttpConnection::startRequest(RequestHead& head, std::string_view bytes, size_t& used) {
  ++requests_;
  context_.counters.requests_total.fetch_add(1, std::memory_order_relaxed);
  head.request.remote_ip = remote_ip_;
  head.request.tls = channel_.secure();
  HttpHandler::Admission admission = admissionOf(head.request);
  if (admission.refuse) {
    return answerEarly(head, std::move(*admission.refuse), bytes.size() - used, used);
  }
  const ResponseFraming framing = framingOf(head);
  if (head.content_length > admission.body_bytes_max) {
    return refuse({413, "body over its limit"}, framing.head_only);
  }
  if (!head.hasBody()) return dispatch(std::move(head.request), framing);
  startBody(head, admission.body_bytes_max, bytes, used);
}

HttpHandler::Admission HttpConnection::admissionOf(const HttpRequest& head) {
  try {
    return context_.handler.admit(head);
  } catch (const std::exception& exception) {
    log::error("net", {{"listener", context_.options.name}}, "handler failed: {}",
               exception.what());
    HttpHandler::Admission refused;
    refused.refuse = problem(500, "internal", "the request could not be handled");
    return refused;
  }
}

void HttpConnection::startBody(RequestHead& head, size_t bytes_max, std::string_view bytes,
                               size_t& used) {
  HttpRequest& request = head.request;
  const ResponseFraming framing = framingOf(head);
  BodyReader reader =
      head.chunked ? BodyReader::chunked(bytes_max) : BodyReader::fixed(head.content_length);
  request.body.reserve(std::min<uint64_t>(head.content_length, kBodyReserveMax));
  const bool nothing_sent = used == bytes.size();
  const BodyReader::State state = reader.read(bytes, used, request.body);
  if (state == BodyReader::State::Refused) return refuse(reader.refusal(), framing.head_only);
  if (state == BodyReader::State::Done) return dispatch(std::move(request), framing);
  if (request_started_ms_ == 0) request_started_ms_ = context_.now_ms;
  if (head.expects_continue && nothing_sent) answers_.add("HTTP/1.1 100 Continue\r\n\r\n", false);
  partial_ = std::make_unique<PartialRequest>(PartialRequest{
      std::move(request), std::move(reader), framing, HeldBytes(context_.partial_bytes)});
  if (!bodyFits()) refuseForRoom();
}

bool HttpConnection::bodyFits() {
  partial_->held.set(partial_->request.body.capacity());
  return context_.partial_bytes <= context_.options.partial_bodies_bytes_max;
}

void HttpConnection::refuseForRoom() {
  log::warn("net", {{"listener", context_.options.name}, {"peer", remote_ip_}},
            "too many bodies are under way: {} bytes", context_.partial_bytes);
  refuse({503, "too many bodies are under way"}, partial_->framing.head_only);
}

bool HttpConnection::readBody(std::string_view bytes, size_t& used) {
  const BodyReader::State state = partial_->reader.read(bytes, used, partial_->request.body);
  if (state == BodyReader::State::NeedMore) {
    if (!bodyFits()) refuseForRoom();
    return false;
  }
  const std::unique_ptr<PartialRequest> whole = std::move(partial_);
  if (state == BodyReader::State::Refused) {
    return refuse(whole->reader.refusal(), whole->framing.head_only), false;
  }
  dispatch(std::move(whole->request), whole->framing);
  return true;
}

// The handler wants no body. One that is here in full is skipped; otherwise the connection ends,
// since the rest of the body could be taken for a request.
void HttpConnection::answerEarly(const RequestHead& head, HttpResponse response, size_t available,
                                 size_t& used) {
  const bool skippable = !head.chunked && head.content_length <= available;
  if (skippable) used += static_cast<size_t>(head.content_length);
  ResponseFraming framing = framingOf(head);
  framing.close |= !skippable;
  request_started_ms_ = 0;
  if (framing.close) stopReading();
  takeReply(answers_.owe(framing), std::move(response));
}

void HttpConnection::dispatch(HttpRequest&& request, ResponseFraming framing) {
  request_started_ms_ = 0;
  if (framing.close) stopReading();
  ResponderPtr responder = makeResponder(context_.replies, id_, answers_.owe(framing));
  try {
    context_.handler.handle(std::move(request), responder);
  } catch (const std::exception& exception) {
    log::error("net", {{"listener", context_.options.name}}, "handler failed: {}",
               exception.what());
    responder->reply(problem(500, "internal", "the request could not be handled"));
  }
}

void HttpConnection::refuse(Refusal refusal, bool head_only) {
  auto& counters = context_.counters;
  auto& counter = refusal.status == 408   ? counters.timeouts_total
                  : refusal.status == 503 ? counters.shed_total
                                          : counters.malformed_total;
  counter.fetch_add(1, std::memory_order_relaxed);
  log::debug("net", {{"peer", remote_ip_}}, "refused with {}: {}", refusal.status, refusal.why);
  stopReading();
  answers_.add(problemWire(refusal, head_only, context_.date.at(context_.unix_ms)), true);
}

// Nothing that follows on this connection is ever parsed.
void HttpConnection::stopReading() {
  phase_ = Phase::Closing;
  partial_.reset();
  scanner_.reset();
  request_started_ms_ = 0;
  stalled_ = false;
}

void HttpConnection::onEnd() {
  peer_ended_ = true;
  if (request_started_ms_ != 0) refuse({400, "the request ended early"});
}

// -- Answering

void HttpConnection::takeReply(uint64_t sequence, HttpResponse response) {
  ResponseFraming* framing = finished_ ? nullptr : answers_.findAwaited(sequence);
  if (!framing) return;
  const bool reading = partial_ || request_started_ms_ != 0 || stalled_;
  if (context_.draining && answers_.isNewest(sequence) && !reading) framing->close = true;
  const std::string& date = context_.date.at(context_.unix_ms);
  auto wire = writeResponse(response, *framing, date);
  if (!wire) {
    log::error("net", {{"listener", context_.options.name}}, "handler made an unfit response");
    framing->close = true;
    wire = writeResponse(problem(500, "internal", "the answer could not be sent"), *framing, date);
  }
  answers_.fulfil(sequence, std::move(*wire));
}

void HttpConnection::writeAnswers() {
  if (answers_.empty()) return;
  const AnswerQueue::Write result = answers_.write(channel_);
  if (result == AnswerQueue::Write::Broken) return finish();
  if (result == AnswerQueue::Write::Blocked) {
    if (write_started_ms_ == 0) write_started_ms_ = context_.now_ms;
  } else {
    write_started_ms_ = 0;
    last_active_ms_ = context_.now_ms;
  }
  if (answers_.ended() && phase_ == Phase::Open) stopReading();
}

// Brings the connection to rest: writes what is due, starts what now may start, ends what is done.
void HttpConnection::settle() {
  if (finished_) return;
  for (;;) {
    writeAnswers();
    if (finished_) return;
    if (!stalled_ || paused() || !open()) break;
    resumeInput();
  }
  if (answers_.empty() && peer_ended_) return finish();
  if (answers_.empty() && answers_.ended() && phase_ == Phase::Closing) beginLinger();
  if (context_.draining && idle()) return finish();
  const bool read = phase_ == Phase::Linger || (open() && !paused() && !peer_ended_);
  watch_.want(read, write_started_ms_ != 0 || tls_wants_write_);
  if (read && open() && channel_.hasPending()) context_.owner.readAgain(*this);
}

bool HttpConnection::idle() const {
  return open() && answers_.empty() && !partial_ && request_started_ms_ == 0;
}

// -- Ending

void HttpConnection::beginLinger() {
  input_ = {};
  channel_.shutdownWrite();
  phase_ = Phase::Linger;
  linger_until_ms_ = context_.now_ms + kLingerMs;
}

void HttpConnection::linger() {
  char* buffer = context_.buffer.data();
  const bool more = channel_.discardInput(buffer, context_.buffer.size(), lingered_bytes_);
  if (!more || lingered_bytes_ > kLingerBytesMax) finish();
}

void HttpConnection::finish() {
  if (finished_) return;
  finished_ = true;
  watch_.stop();
  channel_.close();
  input_ = {};
  answers_ = {};
  partial_.reset();
  context_.owner.onFinished(*this);
}

void HttpConnection::timeOut(std::string_view why) {
  guarded([this, why] { refuse({408, why}); });
}

void HttpConnection::sweep() {
  if (finished_) return;
  const HttpServerOptions& options = context_.options;
  const int64_t now = context_.now_ms;
  if (phase_ == Phase::Linger) {
    if (now >= linger_until_ms_) finish();
    return;
  }
  if (write_started_ms_ != 0) {
    if (now - write_started_ms_ < options.response_deadline_ms) return;
    context_.counters.timeouts_total.fetch_add(1, std::memory_order_relaxed);
    return finish();
  }
  if (request_started_ms_ != 0) {
    const int64_t age = now - request_started_ms_;
    if (!partial_ && age >= options.header_deadline_ms) return timeOut("header took too long");
    if (age >= options.request_deadline_ms) return timeOut("request took too long");
    return;
  }
  if (!idle()) return;
  const int64_t patience = requests_ > 0 ? options.idle_deadline_ms : options.header_deadline_ms;
  if (now - last_active_ms_ >= patience) finish();
}

}  // namespace junctor::net
