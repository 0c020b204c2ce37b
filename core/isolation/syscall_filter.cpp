#include "isolation/syscall_filter.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace junctor::isolation {
namespace {

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

// Plain work on memory, time and what is already open.
constexpr int kAlways[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(stat),
    SCMP_SYS(statx),
    SCMP_SYS(lseek),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrandom),
    SCMP_SYS(futex),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrusage),
    SCMP_SYS(times),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(memfd_create),
    SCMP_SYS(membarrier),
    SCMP_SYS(getdents64),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
};
// Gone once the connector is open.
constexpr int kForLoading[] = {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(arch_prctl),
                               SCMP_SYS(set_tid_address), SCMP_SYS(seccomp)};

bool allow(void* filter, int number) {
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0;
}

bool allowIf(void* filter, int number, const scmp_arg_cmp& condition) {
  return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &condition) == 0;
}

bool allowThreads(void* filter) {
  constexpr uint64_t kThread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
  return allowIf(filter, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, kThread, kThread)) &&
         allow(filter, SCMP_SYS(epoll_create1)) && allow(filter, SCMP_SYS(epoll_ctl)) &&
         allow(filter, SCMP_SYS(epoll_pwait)) && allow(filter, SCMP_SYS(eventfd2)) &&
         allow(filter, SCMP_SYS(pipe2)) && allow(filter, SCMP_SYS(timer_create)) &&
         allow(filter, SCMP_SYS(timer_settime)) && allow(filter, SCMP_SYS(timer_delete));
}

// Calls of which one use is harmless.
bool allowSome(void* filter) {
  const auto self = static_cast<scmp_datum_t>(::getpid());
  return allowIf(filter, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, self)) &&  // abort()
         allowIf(filter, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)) &&
         allowIf(filter, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0)) &&  // reads only
         allowIf(filter, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_ADD_SEALS)) &&
         allowIf(filter, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_GET_SEALS)) &&
         allowIf(filter, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_GETFL)) &&
         allowIf(filter, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_GETFD));
}

bool load(void* filter) {
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);  // done, and prctl is off limits by now
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree, not a list
  return seccomp_load(filter) == 0;
}

}  // namespace

bool filterSyscalls(bool threads) {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return false;
  bool good = allowSome(filter.get()) && (!threads || allowThreads(filter.get()));
  for (const int number : kAlways) good = good && allow(filter.get(), number);
  for (const int number : kForLoading) good = good && allow(filter.get(), number);
  // glibc falls back to clone, of which the flags can be seen.
  good = good && seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
  return good && load(filter.get());
}

bool filterSyscallsOpen() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return false;
  bool good = true;
  const auto deny = [&](int number) {
    good = good && seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), number, 0) == 0;
  };
  const auto denyCode = [&](int number) {
    const scmp_arg_cmp code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
    good =
        good && seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), number, 1, &code) == 0;
  };
  for (const int number : kForLoading) deny(number);
  denyCode(SCMP_SYS(mmap));
  denyCode(SCMP_SYS(mprotect));
  return good && load(filter.get());
}

}  // namespace junctor::isolation
