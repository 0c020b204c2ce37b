#include "conformance/crash_report.h"

#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "conformance/confine.h"
#include "conformance/guarded.h"

namespace junctor::conformance {
namespace {

int g_report = -1;
std::atomic<const char*> g_phase{""};
constexpr size_t kStackBytes = 64 * 1024;

// A line built without the heap.
class Line {
 public:
  Line& add(const char* text) {
    while (*text && size_ + 1 < sizeof text_) text_[size_++] = *text++;
    return *this;
  }
  Line& number(uint64_t value) {
    char digits[24];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do {
      digits[--at] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value > 0);
    return add(digits + at);
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  char text_[400];
  size_t size_ = 0;
};

bool isWrite(void* context) {
#if defined(__x86_64__)
  constexpr int kErrorRegister = 19;  // REG_ERR, hidden behind _GNU_SOURCE
  const auto* state = static_cast<const ucontext_t*>(context);
  return (static_cast<uint64_t>(state->uc_mcontext.gregs[kErrorRegister]) & 2) != 0;
#else
  (void)context;
  return false;
#endif
}

// A fault close to where the stack pointer stood is the stack's end.
bool onStack(uintptr_t address, void* context) {
#if defined(__x86_64__)
  constexpr int kStackRegister = 15;  // REG_RSP
  const auto* state = static_cast<const ucontext_t*>(context);
  const auto stack = static_cast<uint64_t>(state->uc_mcontext.gregs[kStackRegister]);
#else
  const uint64_t stack = static_cast<const ucontext_t*>(context)->uc_mcontext.sp;
#endif
  constexpr uint64_t kNear = 256 * 1024;
  return address + kNear > stack && address < stack + kNear;
}

void describeFault(Line& line, const siginfo_t& info, void* context) {
  const auto address = reinterpret_cast<uintptr_t>(info.si_addr);
  GuardedPool::Hit hit;
  if (GuardedPool::find(address, hit)) {
    const bool wrote = isWrite(context);
    switch (hit.where) {
      case GuardedPool::Where::Expired:
        line.add(wrote ? "wrote to " : "read ").add(hit.label).add(" after its call had ended");
        return;
      case GuardedPool::Where::Behind:
        line.add(wrote ? "wrote past the end of " : "read past the end of ").add(hit.label);
        return;
      case GuardedPool::Where::Before:
        line.add("reached before the start of ").add(hit.label);
        return;
      case GuardedPool::Where::Inside:
        line.add("wrote to ").add(hit.label).add(", which is read-only");
        return;
    }
  }
  if (onStack(address, context)) {
    line.add("the stack overflowed");
    return;
  }
  line.add(address < 4096 ? "used a NULL pointer" : "touched memory that is not mapped");
}

void onFatal(int number, siginfo_t* info, void* context) {
  Line line;
  if (number == SIGSYS) {
    line.add("made the system call ").add(callName(info->si_syscall));
    line.add(", which connectors must not make");
  } else {
    line.add("died of SIG").add(sigabbrev_np(number)).add(": ");
    if (number == SIGSEGV || number == SIGBUS) {
      describeFault(line, *info, context);
    } else if (number == SIGABRT) {
      line.add("abort was called");
    } else {
      line.add("a fault in its code");
    }
  }
  if (*g_phase.load()) line.add(" (in ").add(g_phase.load()).add(")");
  writeRecord(Record::Crash, line.view());
  _exit(kExitCrashed);
}

}  // namespace

void openReport(int descriptor) {
  g_report = descriptor;
}
int reportDescriptor() {
  return g_report;
}

void writeRecord(Record record, std::string_view text) {
  char buffer[4096];
  buffer[0] = static_cast<char>(record);
  const size_t size = text.size() < sizeof buffer - 2 ? text.size() : sizeof buffer - 2;
  std::memcpy(buffer + 1, text.data(), size);
  buffer[size + 1] = '\0';
  if (g_report >= 0) {
    [[maybe_unused]] const ssize_t written = write(g_report, buffer, size + 2);
  }
}

void installCrashHandlers() {
  useAlternateStack();
  struct sigaction action{};
  action.sa_sigaction = onFatal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigfillset(&action.sa_mask);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS}) {
    sigaction(number, &action, nullptr);
  }
}

void useAlternateStack() {
  thread_local stack_t stack{};
  if (stack.ss_sp) return;
  stack.ss_sp = std::malloc(kStackBytes);  // as long as the child lives
  stack.ss_size = kStackBytes;
  if (stack.ss_sp) sigaltstack(&stack, nullptr);
}

void enterPhase(const char* phase) {
  g_phase.store(phase);
}

}  // namespace junctor::conformance
