#include "isolation/lockdown.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "base/descriptor.h"
#include "base/limits.h"
#include "isolation/syscall_filter.h"

namespace junctor::isolation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // its shadow memory and its own system calls need room
#else
constexpr bool kSanitized = false;
#endif

constexpr unsigned kNobody = 65534;

// Newer than Debian 12's headers; layout and numbers are the kernel's for ever.
struct RulesetAttributes {
  uint64_t files, network, scoped;
};
constexpr uint64_t kTcpBindAndConnect = 3;          // ABI 4
constexpr uint64_t kAbstractSocketsAndSignals = 3;  // ABI 6
constexpr uint64_t kTruncate = 1ULL << 14;          // ABI 3
constexpr uint64_t kDeviceControl = 1ULL << 15;     // ABI 5

constexpr const char* kSystemLibraries[] = {"/lib",       "/lib64",         "/usr/lib",
                                            "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"};

void limit(int resource, uint64_t value) {
  const rlimit bounds{value, value};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &bounds);
}

long rawSyscall(long number, long a, long b, long c, long d = 0) {
  return ::syscall(number, a, b, c, d);
}

uint64_t handledFiles(uint32_t abi) {
  uint64_t files = (1ULL << 13) - 1;  // ABI 1: everything up to MAKE_SYM
  if (abi >= 2) files |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) files |= kTruncate;
  if (abi >= 5) files |= kDeviceControl;
  return files;
}

void allowReading(int ruleset, int file, bool folder) {
  landlock_path_beneath_attr rule{};
  rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
  if (folder) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
  rule.parent_fd = file;
  rawSyscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
             reinterpret_cast<long>(&rule));
}

void allowSystemLibraries(int ruleset) {
  for (const char* path : kSystemLibraries) {
    const Descriptor file(::open(path, O_PATH | O_CLOEXEC));
    if (file.valid()) allowReading(ruleset, file.get(), !std::string_view(path).ends_with("cache"));
  }
}

// No right to execute: loading a library needs none.
uint32_t landlock(int file) {
  const long abi = rawSyscall(__NR_landlock_create_ruleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return 0;
  RulesetAttributes wanted{handledFiles(static_cast<uint32_t>(abi)), 0, 0};
  size_t size = offsetof(RulesetAttributes, network);
  if (abi >= 4) {
    wanted.network = kTcpBindAndConnect;
    size = offsetof(RulesetAttributes, scoped);
  }
  if (abi >= 6) {
    wanted.scoped = kAbstractSocketsAndSignals;
    size = sizeof wanted;
  }
  const Descriptor ruleset(static_cast<int>(rawSyscall(
      __NR_landlock_create_ruleset, reinterpret_cast<long>(&wanted), static_cast<long>(size), 0)));
  if (!ruleset.valid()) return 0;
  allowSystemLibraries(ruleset.get());
  allowReading(ruleset.get(), file, false);
  const bool done = rawSyscall(__NR_landlock_restrict_self, ruleset.get(), 0, 0) == 0;
  return done ? static_cast<uint32_t>(abi) : 0;
}

bool becomeNobody() {
  if (::geteuid() != 0) return false;
  return ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
         ::setresuid(kNobody, kNobody, kNobody) == 0;
}

}  // namespace

std::string Lockdown::describe() const {
  std::string text = seccomp ? "seccomp" : "no seccomp";
  text += landlock_abi > 0 ? ", landlock " + std::to_string(landlock_abi) : ", no landlock";
  text += memory_limit ? ", limits" : ", no memory limit";
  if (own_user) text += ", own user";
  return text;
}

void limitSelf(bool threads, uint64_t memory_mib, Lockdown& out) {
  out.own_user = becomeNobody();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // after the change of user, which clears it
  ::prctl(PR_SET_DUMPABLE, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, limits::kConnectorFilesMax);
  limit(RLIMIT_FSIZE, limits::kFrameBytesMax);
  limit(RLIMIT_MEMLOCK, 0);
  limit(RLIMIT_MSGQUEUE, 0);
  if (kSanitized) return;
  const uint64_t base = threads ? limits::kConnectorGoMemoryBytes : limits::kConnectorMemoryBytes;
  limit(RLIMIT_AS, base + (memory_mib << 20));
  out.memory_limit = true;
}

void lockDown(int file, bool threads, Lockdown& out) {
  if (!threads && !kSanitized) limit(RLIMIT_NPROC, 0);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;
  out.landlock_abi = landlock(file);
  out.seccomp = !kSanitized && filterSyscalls(threads);
}

void lockDownOpen(Lockdown& out) {
  if (out.seccomp) out.seccomp = filterSyscallsOpen();
}

}  // namespace junctor::isolation
