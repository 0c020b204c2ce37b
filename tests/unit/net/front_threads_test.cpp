// The server between many clients and many answering threads. Meant for the thread sanitizer.
#include <catch2/catch.hpp>

#include <deque>

#include "base/threads.h"
#include "unit/net/front_fixture.h"

using junctor::Mailbox;
using junctor::Thread;
using junctor::net::HttpRequest;
using junctor::net::ResponderPtr;
using junctor::testing::echo;
using junctor::testing::Front;
using junctor::testing::get;
using junctor::testing::RawClient;

namespace {

struct Job {
  HttpRequest request;
  ResponderPtr responder;
};

// Threads that answer in bursts, newest first.
class Answerers {
 public:
  explicit Answerers(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      threads_.emplace_back("answerer", [this] { run(); });
    }
  }
  ~Answerers() {
    stop_ = true;
    for (Thread& thread : threads_) thread.join();
  }
  void add(HttpRequest request, ResponderPtr responder) {
    jobs_.push({std::move(request), std::move(responder)});
  }

 private:
  void run() {
    while (!stop_) {
      std::vector<Job> jobs = jobs_.take(std::chrono::milliseconds(2));
      for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
        if (job->request.path != "/drop") job->responder->reply(echo(job->request));
      }
    }
  }
  Mailbox<Job> jobs_;
  std::atomic<bool> stop_{false};
  std::deque<Thread> threads_;
};

// Sends bursts and checks every answer's place. False at the first that is wrong.
bool talk(uint16_t port, int client, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    RawClient connection(port);
    std::string burst;
    for (int i = 0; i < 30; ++i) {
      burst += get(i % 7 == 3 ? "/drop" : "/" + std::to_string(client) + "/" + std::to_string(i));
    }
    connection.send(burst);
    for (int i = 0; i < 30; ++i) {
      const auto response = connection.receive();
      if (!response) return false;
      if (i % 7 == 3) {
        if (response->status != 500) return false;
      } else if (response->body !=
                 "GET /" + std::to_string(client) + "/" + std::to_string(i) + " a ") {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

TEST_CASE("answers from many threads to many clients all find their place") {
  Front front;
  Answerers answerers(3);
  front.handler.on_handle = [&answerers](HttpRequest request, ResponderPtr responder) {
    if (request.target.ends_with("5")) return responder->reply(echo(request));
    answerers.add(std::move(request), std::move(responder));
  };
  front.start();
  std::atomic<int> good{0};
  {
    std::deque<Thread> clients;
    for (int i = 0; i < 6; ++i) {
      clients.emplace_back("client", [&, i] { good += talk(front.port(), i, 15) ? 1 : 0; });
    }
  }
  CHECK(good == 6);
  CHECK(front.server().stats().malformed_total == 0);
}

TEST_CASE("a server can be drained and destroyed while clients talk and threads answer") {
  for (int round = 0; round < 10; ++round) {
    Answerers answerers(2);
    Front front;
    front.handler.on_handle = [&answerers](HttpRequest request, ResponderPtr responder) {
      answerers.add(std::move(request), std::move(responder));
    };
    front.start();
    const uint16_t port = front.port();
    std::deque<Thread> clients;
    for (int i = 0; i < 3; ++i) {
      clients.emplace_back("client", [port, i] {
        try {
          talk(port, i, 1000);
        } catch (const std::exception&) {
          // The server is gone: that is the point.
        }
      });
    }
    while (front.server().stats().requests_total < 200) {
    }
    if (round % 2 == 0) front.server().drain(round * 3);
    front.stop();
    for (Thread& client : clients) client.join();
  }
}
