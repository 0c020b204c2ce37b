#include "isolation/spawner.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <future>

#include "base/clock.h"
#include "isolation/poll_one.h"
#include "isolation/runner.h"

namespace junctor::isolation {
namespace {

constexpr int kEventsMax = 16;

int openHandle(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

std::string describeEnd(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return fmt::format("exited with status {}", info.si_status);
  const char* name = ::sigabbrev_np(info.si_status);
  return fmt::format("died of SIG{}", name ? name : "?");
}

// File actions and attributes of one spawn.
struct SpawnPlan {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;

  explicit SpawnPlan(int socket) {
    ::posix_spawn_file_actions_init(&files);
    for (int fd = 0; fd < kRunnerSocket; ++fd) {
      ::posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    }
    ::posix_spawn_file_actions_adddup2(&files, socket, kRunnerSocket);
    ::posix_spawn_file_actions_addclosefrom_np(&files, kRunnerSocket + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    // A group of its own: Ctrl-C is for the server, which drains.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

}  // namespace

Process::~Process() {
  if (handle_.valid()) reap();
}

void Process::kill() {
  ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0);
}

bool Process::ended(int wait_ms) const {
  return pollOne(handle_.get(), POLLIN, wait_ms) != 0;
}

std::string Process::reap() {
  if (!end_.empty()) return end_;
  if (!ended(0)) kill();
  siginfo_t info{};
  int code = 0;
  do {
    code =
        ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(handle_.get()), &info, WEXITED);
  } while (code != 0 && errno == EINTR);
  end_ = code == 0 ? describeEnd(info) : "ended";
  return end_;
}

Spawner::Spawner(std::string program, int64_t look_ms)
    : program_(std::move(program)),
      look_ms_(look_ms),
      events_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{EPOLLIN, {.fd = wake_.get()}};
  ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
  thread_ = Thread("jn-runners", [this] { run(); });
}

Spawner::~Spawner() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

Result<Process> Spawner::spawn(const Descriptor& socket) {
  auto promise = std::make_shared<std::promise<Result<Process>>>();
  auto future = promise->get_future();
  const int fd = socket.get();
  {
    std::lock_guard lock(mutex_);
    jobs_.emplace_back([this, promise, fd] { promise->set_value(start(fd)); });
  }
  ::eventfd_write(wake_.get(), 1);
  return future.get();
}

Result<Process> Spawner::start(int socket) const {
  SpawnPlan plan(socket);
  std::string name = "junctor-runner";
  char* arguments[] = {name.data(), nullptr};
  char* environment[] = {nullptr};
  pid_t pid = -1;
  const int code =
      ::posix_spawn(&pid, program_.c_str(), &plan.files, &plan.attributes, arguments, environment);
  if (code != 0) {
    return unavailable(fmt::format("cannot start {}: {}", program_, std::strerror(code)));
  }
  Descriptor handle(openHandle(pid));
  if (!handle.valid()) {  // out of descriptors: without a handle it could not be watched
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return unavailable("cannot watch a runner: too many open files");
  }
  return Process(pid, std::move(handle));
}

void Spawner::watch(int handle, Watcher watcher) {
  std::lock_guard lock(mutex_);
  watched_[handle] = std::move(watcher);
  epoll_event event{EPOLLIN | EPOLLONESHOT, {.fd = handle}};
  ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, handle, &event);
}

void Spawner::forget(int handle) {
  std::unique_lock lock(mutex_);
  if (watched_.erase(handle) == 0 && calling_ != handle) return;
  ::epoll_ctl(events_.get(), EPOLL_CTL_DEL, handle, nullptr);
  if (own_thread_ == std::this_thread::get_id()) return;
  changed_.wait(lock, [&] { return calling_ != handle; });
}

void Spawner::run() {
  own_thread_ = std::this_thread::get_id();
  for (;;) {
    epoll_event events[kEventsMax];
    const int count = ::epoll_wait(events_.get(), events, kEventsMax, static_cast<int>(look_ms_));
    handleEvents(count, events);
    lookAtAll();
    std::vector<std::function<void()>> jobs;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      jobs.swap(jobs_);
    }
    for (const auto& job : jobs) job();
  }
}

void Spawner::handleEvents(int count, const epoll_event* events) {
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == wake_.get()) {
      eventfd_t ignored = 0;
      ::eventfd_read(wake_.get(), &ignored);
      continue;
    }
    std::function<void()> ended;
    {
      std::lock_guard lock(mutex_);
      const auto found = watched_.find(events[i].data.fd);
      if (found == watched_.end()) continue;
      ended = std::move(found->second.ended);
      watched_.erase(found);
      calling_ = events[i].data.fd;
    }
    ended();
    std::lock_guard lock(mutex_);
    calling_ = -1;
    changed_.notify_all();
  }
}

// Those that are watched now, if it is time; each without the lock.
void Spawner::lookAtAll() {
  const int64_t now_ms = systemClock().monotonicMs();
  if (now_ms - looked_ms_ < look_ms_) return;
  looked_ms_ = now_ms;
  std::unique_lock lock(mutex_);
  for (auto next = watched_.begin(); next != watched_.end();) {
    const int handle = next->first;
    const std::function<void()> look = next->second.look;
    calling_ = handle;
    lock.unlock();
    if (look) look();
    lock.lock();
    calling_ = -1;
    changed_.notify_all();
    next = watched_.upper_bound(handle);
  }
}

}  // namespace junctor::isolation
