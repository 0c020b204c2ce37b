#pragma once
// One client connection: reads, frames, admits, hands whole requests to the handler, and writes the
// answers in the order of the requests. Lives on the reactor thread; holds no buffer while idle.
//
// Phases: Open (reading requests) -> Closing (reads nothing more, answers what it owes) -> Linger
// (our side is shut, the peer may read the last answer) -> gone.
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/answer_queue.h"
#include "net/body_reader.h"
#include "net/channel.h"
#include "net/http_server.h"
#include "net/reply_box.h"
#include "net/request_head.h"
#include "net/response_writer.h"
#include "net/socket_watch.h"

namespace junctor::net {

class HttpConnection;

// What a connection needs of its server.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void onFinished(HttpConnection& connection) = 0;  // closed; freed at the next turn
  virtual void readAgain(HttpConnection& connection) = 0;   // call onReadable() at the next turn
};

struct FrontCounters {
  std::atomic<uint64_t> connections_open{0}, connections_total{0}, connections_refused{0};
  std::atomic<uint64_t> requests_total{0}, malformed_total{0}, timeouts_total{0}, shed_total{0};
};

// The share of one body that is under way in the bytes all of them hold. Reactor thread only.
class HeldBytes {
 public:
  explicit HeldBytes(size_t& total) : total_(&total) {}
  HeldBytes(HeldBytes&& other) noexcept
      : total_(other.total_), own_(std::exchange(other.own_, 0)) {}
  HeldBytes& operator=(HeldBytes&&) = delete;
  ~HeldBytes() { *total_ -= own_; }
  void set(size_t bytes) {
    *total_ += bytes - own_;
    own_ = bytes;
  }

 private:
  size_t* total_;
  size_t own_ = 0;
};

// Shared by all connections of a listener.
struct FrontContext {
  const HttpServerOptions& options;
  HttpHandler& handler;
  const Clock& clock;
  ConnectionOwner& owner;
  Poco::Net::SocketReactor& reactor;
  std::shared_ptr<ReplyBox> replies;
  FrontCounters counters;
  std::vector<char> buffer;  // every read goes here first: one for all, not one each
  DateText date;
  int64_t now_ms = 0;        // of this turn of the reactor, monotonic
  int64_t unix_ms = 0;       // of this turn, for the Date header
  bool draining = false;
  HttpConnection* at_work = nullptr;  // whose handler call may be running
  size_t partial_bytes = 0;           // held by bodies under way
};

class HttpConnection final : private SocketHandler {
 public:
  HttpConnection(uint64_t id, int descriptor, const TlsContextPtr& tls, std::string remote_ip,
                 FrontContext& context);

  uint64_t id() const { return id_; }
  const std::string& remoteIp() const { return remote_ip_; }
  bool finished() const { return finished_; }

  // Takes the answer to request `sequence`; onReplies() then writes what is due.
  void takeReply(uint64_t sequence, HttpResponse response);
  void onReplies();
  void onReadable() override;
  void sweep();    // enforces the deadlines
  void onDrain();  // the server is stopping: ends now if idle

 private:
  enum class Phase { Open, Closing, Linger };

  struct PartialRequest {
    HttpRequest request;
    BodyReader reader;
    ResponseFraming framing;
    HeldBytes held;
  };

  void onWritable() override;
  void onBroken() override;
  template <class Work>
  void guarded(Work work);

  void settle();
  void readSome();
  void take(std::string_view bytes);
  size_t consume(std::string_view bytes);
  bool readHead(std::string_view bytes, size_t& used);
  bool bodyFits();
  void refuseForRoom();
  bool readBody(std::string_view bytes, size_t& used);
  void startRequest(RequestHead& head, std::string_view bytes, size_t& used);
  void startBody(RequestHead& head, size_t bytes_max, std::string_view bytes, size_t& used);
  void answerEarly(const RequestHead& head, HttpResponse response, size_t available, size_t& used);
  HttpHandler::Admission admissionOf(const HttpRequest& head);
  void dispatch(HttpRequest&& request, ResponseFraming framing);
  void refuse(Refusal refusal, bool head_only = false);
  void stopReading();
  void onEnd();
  void beginLinger();
  void linger();

  void writeAnswers();
  void resumeInput();
  void finish();
  void timeOut(std::string_view why);

  bool open() const { return phase_ == Phase::Open && !finished_; }
  bool paused() const;
  bool idle() const;

  FrontContext& context_;
  const uint64_t id_;
  const std::string remote_ip_;
  Channel channel_;
  SocketWatch watch_;

  Phase phase_ = Phase::Open;
  bool finished_ = false;
  bool peer_ended_ = false;
  bool stalled_ = false;  // input_ holds requests we may not start yet
  bool tls_wants_write_ = false;

  std::string input_;  // bytes not yet consumed: part of a head, or pipelined requests
  HeadScanner scanner_;
  std::unique_ptr<PartialRequest> partial_;
  AnswerQueue answers_;

  int64_t last_active_ms_;
  int64_t request_started_ms_ = 0;  // first byte of the request being read; 0 = none
  int64_t write_started_ms_ = 0;    // since when an answer waits to be taken; 0 = none does
  int64_t linger_until_ms_ = 0;
  size_t lingered_bytes_ = 0;
  uint64_t requests_ = 0;
};

}  // namespace junctor::net
