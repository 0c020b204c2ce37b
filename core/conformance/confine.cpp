#include "conformance/confine.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "conformance/crash_report.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define JUNCTOR_CHECK_SANITIZED 1
#else
#define JUNCTOR_CHECK_SANITIZED 0
#endif

namespace junctor::conformance {
namespace {

struct Named {
  int number;
  const char* name;
};
#define CALL(name) {__NR_##name, #name}

// Never a connector's business.
constexpr Named kAlways[] = {
    CALL(socket),
    CALL(socketpair),
    CALL(connect),
    CALL(bind),
    CALL(listen),
    CALL(accept),
    CALL(accept4),
    CALL(sendto),
    CALL(sendmsg),
    CALL(execve),
    CALL(execveat),
    CALL(kill),
    CALL(tkill),
    CALL(ptrace),
    CALL(setuid),
    CALL(setgid),
    CALL(setreuid),
    CALL(setresuid),
    CALL(setsid),
    CALL(setpgid),
    CALL(chdir),
    CALL(fchdir),
    CALL(chroot),
    CALL(mount),
    CALL(umount2),
    CALL(unshare),
    CALL(setns),
    CALL(bpf),
    CALL(reboot),
    CALL(process_vm_writev),
    CALL(perf_event_open),
    CALL(io_uring_setup),
    CALL(unlinkat),
    CALL(renameat2),
    CALL(mkdirat),
    CALL(symlinkat),
    CALL(linkat),
    CALL(fchmodat),
    CALL(fchownat),
    CALL(truncate),
#ifdef __NR_fork
    CALL(fork),
    CALL(vfork),
    CALL(unlink),
    CALL(rename),
    CALL(mkdir),
    CALL(rmdir),
    CALL(symlink),
    CALL(chmod),
    CALL(chown),
    CALL(creat),
#endif
};
// Not in a constructor, which runs before anybody agreed to anything.
constexpr Named kLoad[] = {
    CALL(umask),           CALL(setitimer),     CALL(timer_create),  CALL(nanosleep),
    CALL(clock_nanosleep), CALL(rt_sigaction),  CALL(setpriority),   CALL(sched_setaffinity),
    CALL(memfd_create),    CALL(inotify_init1), CALL(epoll_create1), CALL(eventfd2),
    CALL(timerfd_create),
#ifdef __NR_fork
    CALL(alarm),           CALL(pause),         CALL(epoll_create),  CALL(eventfd),
    CALL(signalfd),
#endif
};
// Judged by their arguments.
constexpr Named kByArgument[] = {
    CALL(clone), CALL(clone3), CALL(openat), CALL(write), CALL(writev),
#ifdef __NR_open
    CALL(open),
#endif
};
#undef CALL

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// A filter is written front to back; every rule ends in a verdict of its own.
class Program {
 public:
  Program() {
    load(offsetof(seccomp_data, arch));
    unless(kArchitecture, SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
  }
  void verdict(int number, uint32_t what) {
    jump(BPF_JEQ, static_cast<uint32_t>(number), 0, 1);
    give(what);
  }
  // `number` is a trap if argument `index` has none of `bits` (wanted) or any of them (not).
  void byBits(int number, unsigned index, uint32_t bits, bool wanted) {
    jump(BPF_JEQ, static_cast<uint32_t>(number), 0, 5);
    load(static_cast<uint32_t>(offsetof(seccomp_data, args) + index * 8));
    jump(BPF_JSET, bits, wanted ? 1 : 0, wanted ? 0 : 1);
    give(SECCOMP_RET_TRAP);
    give(SECCOMP_RET_ALLOW);
    give(SECCOMP_RET_ALLOW);
  }
  // `number` is a trap unless argument 0 is `value`.
  void byValue(int number, uint32_t value) {
    jump(BPF_JEQ, static_cast<uint32_t>(number), 0, 4);
    load(offsetof(seccomp_data, args));
    jump(BPF_JEQ, value, 1, 0);
    give(SECCOMP_RET_TRAP);
    give(SECCOMP_RET_ALLOW);
  }
  bool install() {
    give(SECCOMP_RET_ALLOW);
    sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
  }

 private:
  void load(size_t offset) {
    code_.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<uint32_t>(offset)});
  }
  void jump(unsigned kind, uint32_t value, unsigned char yes, unsigned char no) {
    code_.push_back({static_cast<unsigned short>(BPF_JMP | kind | BPF_K), yes, no, value});
  }
  void give(uint32_t what) { code_.push_back({BPF_RET | BPF_K, 0, 0, what}); }
  void unless(uint32_t value, uint32_t what) {
    jump(BPF_JEQ, value, 1, 0);
    give(what);
  }
  std::vector<sock_filter> code_;
};

void limit(int what, uint64_t value) {
  const rlimit both{value, value};
  setrlimit(static_cast<__rlimit_resource>(what), &both);
}

}  // namespace

const char* callName(int number) {
  for (const Named& call : kAlways) {
    if (call.number == number) return call.name;
  }
  for (const Named& call : kLoad) {
    if (call.number == number) return call.name;
  }
  for (const Named& call : kByArgument) {
    if (call.number == number) return call.name;
  }
  return "?";
}

void limitResources(int cpu_seconds) {
  constexpr uint64_t kMiB = 1024 * 1024;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 256);
  limit(RLIMIT_CPU, static_cast<uint64_t>(cpu_seconds));
  limit(RLIMIT_FSIZE, 16 * kMiB);
  if (JUNCTOR_CHECK_SANITIZED) return;
  limit(RLIMIT_DATA, 1024 * kMiB);
  limit(RLIMIT_AS, 8 * 1024 * kMiB);
}

bool filterCalls(Filter filter) {
  if (JUNCTOR_CHECK_SANITIZED) return true;
  Program program;
  const bool loading = filter == Filter::Load;
  for (const Named& call : kAlways) program.verdict(call.number, SECCOMP_RET_TRAP);
  // The C library falls back to clone, whose flags can be seen.
  program.verdict(__NR_clone3, SECCOMP_RET_ERRNO | ENOSYS);
  if (loading) {
    for (const Named& call : kLoad) program.verdict(call.number, SECCOMP_RET_TRAP);
    program.verdict(__NR_clone, SECCOMP_RET_TRAP);
    constexpr uint32_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
    program.byBits(__NR_openat, 2, kWriting, false);
#ifdef __NR_open
    program.byBits(__NR_open, 1, kWriting, false);
#endif
    program.byValue(__NR_write, static_cast<uint32_t>(reportDescriptor()));
    program.byValue(__NR_writev, static_cast<uint32_t>(reportDescriptor()));
  } else {
    program.byBits(__NR_clone, 0, CLONE_THREAD, true);
  }
  return program.install();
}

}  // namespace junctor::conformance
