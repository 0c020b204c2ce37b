#include "conformance/child.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/files.h"
#include "conformance/confine.h"
#include "conformance/crash_report.h"

namespace junctor::conformance {
namespace {

constexpr int kReport = 3;
constexpr size_t kReportBytesMax = 64 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  void reset(int number = -1) {
    if (number_ >= 0) close(number_);
    number_ = number;
  }

 private:
  int number_;
};

// The child's descriptors: 0 nothing, 1 and 2 the output file, 3 the report; no other.
bool arrangeDescriptors(int report, int output) {
  const int kept_report = fcntl(report, F_DUPFD, 10);
  const int kept_output = fcntl(output, F_DUPFD, 10);
  const int nothing = open("/dev/null", O_RDONLY);
  if (kept_report < 0 || kept_output < 0 || nothing < 0) return false;
  if (dup2(nothing, 0) < 0 || dup2(kept_output, 1) < 0 || dup2(kept_output, 2) < 0) return false;
  if (dup2(kept_report, kReport) < 0) return false;
  return syscall(SYS_close_range, kReport + 1, ~0U, 0) == 0;
}

Record recordOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::Pass:
    case Verdict::Waived:
      return Record::Pass;
    case Verdict::Skip:
      return Record::Skip;
    case Verdict::Fail:
      break;
  }
  return Record::Fail;
}

[[noreturn]] void live(const ChildPlan& plan, int report, int output,
                       const std::function<Outcome()>& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!arrangeDescriptors(report, output)) _exit(1);
  openReport(kReport);
  limitResources(plan.timeout_s + 2);
  installCrashHandlers();
  const bool filtered = !plan.filter || filterCalls(Filter::Calls);
  Outcome outcome = work();
  if (!filtered) outcome.message += " (this kernel has no seccomp: system calls were not watched)";
  writeRecord(recordOf(outcome.verdict), outcome.message);
  _exit(0);
}

struct Watched {
  std::string records;
  bool timed_out = false;
};

// Reads what the child says until it is dead or late; kills it then.
Watched watch(const Descriptor& report, pid_t child, int timeout_s) {
  Watched seen;
  const Descriptor alive(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  const int64_t end = systemClock().monotonicMs() + timeout_s * 1000;
  bool open = true;
  bool dead = false;
  while (!dead) {
    const int64_t left = end - systemClock().monotonicMs();
    if (left <= 0) {
      seen.timed_out = true;
      kill(child, SIGKILL);
      break;
    }
    pollfd waits[2] = {{open ? report.get() : -1, POLLIN, 0}, {alive.get(), POLLIN, 0}};
    if (poll(waits, 2, static_cast<int>(std::min<int64_t>(left, 1000))) < 0 && errno != EINTR)
      break;
    dead = waits[1].revents != 0;
    char buffer[4096];
    for (ssize_t got = 1; open && got > 0;) {
      got = read(report.get(), buffer, sizeof buffer);
      if (got == 0) open = false;
      const size_t room = kReportBytesMax - std::min(seen.records.size(), kReportBytesMax);
      if (got > 0) seen.records.append(buffer, std::min(static_cast<size_t>(got), room));
    }
  }
  return seen;
}

struct Said {
  char tag = 0;
  std::string text;
};
std::vector<Said> recordsIn(std::string_view bytes) {
  std::vector<Said> out;
  while (!bytes.empty()) {
    const std::string_view one = bytes.substr(0, bytes.find('\0'));
    if (!one.empty()) out.push_back({one[0], std::string(one.substr(1))});
    bytes.remove_prefix(std::min(bytes.size(), one.size() + 1));
  }
  return out;
}

std::string firstLines(int output) {
  char buffer[512];
  const ssize_t got = pread(output, buffer, sizeof buffer, 0);
  std::string text(buffer, got > 0 ? static_cast<size_t>(got) : 0);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return validUtf8(text) ? text : "(not UTF-8)";
}

std::string howItEnded(int status, const std::string& crash) {
  if (!crash.empty()) return crash;
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    if (number == SIGXCPU) return "died of SIGXCPU: used up its processor time";
    if (number == SIGXFSZ) return "died of SIGXFSZ: wrote a file that is too large";
    return fmt::format("died of SIG{}", sigabbrev_np(number));
  }
  return fmt::format("ended the process with exit code {}", WEXITSTATUS(status));
}

ChildEnd judge(const Watched& seen, int status, int output, int timeout_s) {
  ChildEnd end;
  end.timed_out = seen.timed_out;
  std::string crash;
  const Said* answer = nullptr;
  const auto records = recordsIn(seen.records);
  for (const Said& said : records) {
    if (said.tag == static_cast<char>(Record::Crash)) {
      crash = said.text;
    } else {
      answer = &said;
    }
  }
  const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !seen.timed_out;
  if (clean && answer && crash.empty()) {
    const bool skipped = answer->tag == static_cast<char>(Record::Skip);
    const bool good = answer->tag == static_cast<char>(Record::Pass);
    end.outcome = {good ? Verdict::Pass : skipped ? Verdict::Skip : Verdict::Fail, answer->text};
    return end;
  }
  end.crashed = !seen.timed_out;
  end.outcome = fail(seen.timed_out ? fmt::format("did not end within {} s", timeout_s)
                                    : howItEnded(status, crash));
  const std::string printed = firstLines(output);
  if (!printed.empty()) end.outcome.message += "; it printed: " + printed;
  return end;
}

}  // namespace

Result<ChildEnd> runInChild(const ChildPlan& plan, const std::function<Outcome()>& work) {
  const int64_t start = systemClock().monotonicMs();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return internalError("no pipe for a child");
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const Descriptor output(memfd_create("junctor-check-output", MFD_CLOEXEC));
  if (output.get() < 0 || fcntl(reading.get(), F_SETFL, O_NONBLOCK) != 0) {
    return internalError("no file for a child's output");
  }
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return internalError(std::string("no child process: ") + strerror(errno));
  if (child == 0) live(plan, writing.get(), output.get(), work);
  writing.reset();
  const Watched seen = watch(reading, child, plan.timeout_s);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ChildEnd end = judge(seen, status, output.get(), plan.timeout_s);
  end.wall_ms = systemClock().monotonicMs() - start;
  return end;
}

size_t outputBytes() {
  std::fflush(nullptr);
  struct stat info{};
  return fstat(STDOUT_FILENO, &info) == 0 && S_ISREG(info.st_mode)
             ? static_cast<size_t>(info.st_size)
             : 0;
}

std::string outputStart(size_t bytes_max) {
  return firstLines(STDOUT_FILENO).substr(0, bytes_max);
}

bool singleThreaded() {
  const auto tasks = listFolder("/proc/self/task");
  return tasks && tasks->size() == 1;
}

}  // namespace junctor::conformance
