// S: what the file says of itself. No code of it runs.
#include <fmt/core.h>
#include <gnu/libc-version.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/files.h"
#include "base/json_value.h"
#include "conformance/check_table.h"
#include "conformance/session.h"
#include "conformance/static_manifest_checks.h"
#include "trust/version.h"

namespace junctor::conformance {
namespace {

constexpr std::string_view kEntryPrefix = "junctor_plugin_v";

// Libraries that every host has; libgcc_s, which Rust links, is the host's own need. Anything else
// belongs into the connector.
constexpr std::string_view kSystemLibraries[] = {"libc.so.6",  "libm.so.6",  "libpthread.so.0",
                                                 "libdl.so.2", "librt.so.1", "libgcc_s.so.1"};
constexpr std::string_view kLibraryFolders[] = {"/lib/x86_64-linux-gnu/",
                                                "/lib/aarch64-linux-gnu/",
                                                "/usr/lib/x86_64-linux-gnu/",
                                                "/usr/lib/aarch64-linux-gnu/",
                                                "/lib64/",
                                                "/lib/",
                                                "/usr/lib64/",
                                                "/usr/lib/"};

bool isLoader(std::string_view name) {
  return name.starts_with("ld-linux");
}

std::string list(const std::vector<std::string>& names, size_t max = 5) {
  std::string out;
  for (size_t i = 0; i < names.size() && i < max; ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > max) out += fmt::format(" and {} more", names.size() - max);
  return out;
}

Outcome elfFile(Session& session) {
  return session.elf() ? pass() : fail(session.elf().error().message);
}

Outcome noteThere(Session& session) {
  return session.note() ? pass() : fail(session.note().error().message);
}

Outcome oneExport(Session& session) {
  if (!session.elf()) return skip("not readable (see S1)");
  std::vector<std::string> others;
  size_t entries = 0;
  for (const ElfSymbol& symbol : session.elf()->symbols()) {
    if (!symbol.defined || symbol.local || symbol.name.empty()) continue;
    if (symbol.name.starts_with(kEntryPrefix)) {
      ++entries;
    } else {
      others.push_back(symbol.name);
    }
  }
  if (entries == 0) return fail("exports no junctor_plugin_v1");
  if (!others.empty()) {
    return fail(fmt::format("exports {} more symbols: {}", others.size(), list(others)));
  }
  return pass();
}

Outcome noSharedCxx(Session& session) {
  if (!session.elf()) return skip("not readable (see S1)");
  std::vector<std::string> found;
  for (const ElfSymbol& symbol : session.elf()->symbols()) {
    const bool cxx = symbol.weak && symbol.name.starts_with("_Z");
    if (symbol.defined && !symbol.local && (symbol.unique || cxx)) found.push_back(symbol.name);
  }
  if (found.empty()) return pass();
  return fail(fmt::format("{} unique or weak C++ symbols are shared with the whole process: {}",
                          found.size(), list(found)));
}

Outcome hardened(Session& session) {
  if (!session.elf()) return skip("not readable (see S1)");
  const ElfImage& elf = *session.elf();
  std::vector<std::string> wrong;
  if (elf.textRelocations()) wrong.emplace_back("text relocations");
  if (elf.executableStack()) wrong.emplace_back("an executable stack");
  if (!elf.relro()) wrong.emplace_back("no RELRO");
  if (!elf.bindsNow()) wrong.emplace_back("no BIND_NOW");
  for (const std::string& path : elf.runPaths()) {
    if (!path.starts_with("$ORIGIN")) wrong.push_back("the run path " + path);
  }
  return wrong.empty() ? pass() : fail("has " + list(wrong));
}

Outcome noStaticTls(Session& session) {
  if (!session.elf()) return skip("not readable (see S1)");
  if (session.declaresGo()) return skip("runtime go: a process of its own has the space");
  return session.elf()->staticTls()
             ? fail("needs static TLS: dlopen fails when its space is used up")
             : pass();
}

// "GLIBC_2.34" -> {2, 34}; {0, 0} for GLIBC_PRIVATE and its like.
std::pair<int, int> glibcVersion(std::string_view text) {
  int major = 0, minor = 0;
  int* at = &major;
  for (const char c : text) {
    if (c == '.') {
      if (at == &minor) break;
      at = &minor;
    } else if (c >= '0' && c <= '9' && *at < 10'000) {
      *at = *at * 10 + (c - '0');
    } else {
      return {0, 0};
    }
  }
  return {major, minor};
}

Outcome neededLibraries(Session& session) {
  if (!session.elf()) return skip("not readable (see S1)");
  std::vector<std::string> others;
  for (const std::string& name : session.elf()->needed()) {
    const bool system = isLoader(name) ||
                        std::find(std::begin(kSystemLibraries), std::end(kSystemLibraries), name) !=
                            std::end(kSystemLibraries);
    if (!system) others.push_back(name);
  }
  if (!others.empty()) return fail("needs " + list(others) + ", which a host need not have");
  const auto here = glibcVersion(gnu_get_libc_version());
  constexpr std::string_view kPrefix = "GLIBC_";
  std::pair<int, int> most{0, 0};
  for (const std::string& version : session.elf()->versionsNeeded()) {
    if (!version.starts_with(kPrefix)) continue;
    const auto wanted = glibcVersion(std::string_view(version).substr(kPrefix.size()));
    if (wanted == std::pair{0, 0}) return fail("uses the C library's private symbols: " + version);
    most = std::max(most, wanted);
  }
  const std::string text = fmt::format("glibc {}.{}", most.first, most.second);
  if (most > here) return fail(fmt::format("needs {}, here is {}", text, gnu_get_libc_version()));
  return pass("needs " + text);
}

Result<std::set<std::string>> exportsOf(const std::string& library) {
  for (const std::string_view folder : kLibraryFolders) {
    const std::string path = std::string(folder) + library;
    if (!fileExists(path)) continue;
    JUNCTOR_TRY(const ElfImage image, ElfImage::open(path));
    std::set<std::string> names;
    for (const ElfSymbol& symbol : image.symbols()) {
      if (symbol.defined) names.insert(symbol.name);
    }
    return names;
  }
  return notFound(library + " is not on this machine");
}

Outcome resolvable(Session& session) {
  if (!session.elf()) return skip("not readable (see S1)");
  std::set<std::string> offered;
  std::vector<std::string> libraries = session.elf()->needed();
  libraries.emplace_back("ld-linux-x86-64.so.2");
  libraries.emplace_back("ld-linux-aarch64.so.1");
  for (const std::string& library : libraries) {
    auto names = exportsOf(library);
    if (!names && !isLoader(library)) return fail(names.error().message);
    if (names) offered.merge(*names);
  }
  std::vector<std::string> missing;
  for (const ElfSymbol& symbol : session.elf()->symbols()) {
    if (symbol.defined || symbol.weak || symbol.name.empty()) continue;
    if (!offered.contains(symbol.name)) missing.push_back(symbol.name);
  }
  return missing.empty() ? pass() : fail("nobody offers " + list(missing));
}

// What only a host may do: the network, processes, other programs' memory.
constexpr std::array<std::string_view, 27> kForbidden = {
    "socket",       "connect",       "bind",
    "listen",       "accept",        "accept4",
    "getaddrinfo",  "gethostbyname", "sendto",
    "recvfrom",     "fork",          "vfork",
    "execl",        "execlp",        "execv",
    "execve",       "execvp",        "execle",
    "system",       "popen",         "posix_spawn",
    "posix_spawnp", "kill",          "ptrace",
    "setuid",       "daemon",        "process_vm_writev"};
constexpr std::array<std::string_view, 15> kReported = {
    "signal", "sigaction", "dlopen",    "dlmopen", "setenv", "putenv",    "setlocale",     "umask",
    "chdir",  "atexit",    "setitimer", "raise",   "prctl",  "setrlimit", "pthread_create"};

Outcome imports(Session& session) {
  if (!session.elf()) return skip("not readable (see S1)");
  std::vector<std::string> forbidden, reported;
  for (const ElfSymbol& symbol : session.elf()->symbols()) {
    if (symbol.defined) continue;
    const auto in = [&](const auto& names) {
      return std::find(names.begin(), names.end(), symbol.name) != names.end();
    };
    if (in(kForbidden)) forbidden.push_back(symbol.name);
    if (in(kReported)) reported.push_back(symbol.name);
  }
  const bool go = session.declaresGo();
  if (!forbidden.empty() && !go) {
    return fail("imports " + list(forbidden) + ", which only the host may use");
  }
  if (go) return pass("runtime go: its imports are the runtime's, its calls are watched");
  return reported.empty() ? pass() : pass("imports " + list(reported, 15));
}

Outcome goDeclared(Session& session) {
  if (!session.elf()) return skip("not readable (see S1)");
  const auto& sections = session.elf()->sections();
  const bool go = sections.contains(".note.go.buildid") || sections.contains(".go.buildinfo") ||
                  sections.contains(".gopclntab");
  const bool declared = session.declaresGo();
  if (!go) return declared ? fail("says runtime \"go\", but is not built with Go") : pass();
  return declared ? pass("Go, as declared")
                  : fail("is built with Go, but its manifest does not say runtime \"go\"");
}

constexpr Check kStaticChecks[] = {
    {"S1", Level::Basic, "The file is a 64-bit little-endian ELF shared object for this machine.",
     "Build a shared library (`-shared -fPIC`) for the host's architecture.", elfFile, 20, false},
    {"S2", Level::Basic,
     "There is exactly one manifest note of the right owner and type, at most 1 MiB, in UTF-8.",
     "Use junctor_add_connector() or <junctor/note.h>; do not link the note twice.", noteThere, 20,
     false},
    {"S3", Level::Basic, "The manifest has every required key, no unknown one, and legal values.",
     "The message names the key's path; packaging/doc has the reference.", manifestValid, 20,
     false},
    {"S4", Level::Basic, "The manifest in the file is byte for byte the manifest.json beside it.",
     "Rebuild after changing manifest.json, and ship both from one build.", noteEqualsSidecar, 20,
     false},
    {"S5", Level::Basic,
     "The id is a reverse domain name, the version semantic, a license is named.",
     "Use an id like com.acme.orders; ids of one word are Junctor's own.", identity, 20, false},
    {"S6", Level::Basic, "The library exports junctor_plugin_v1 and nothing else.",
     "Link with the version script sdk/cmake/connector.map and hidden visibility.", oneExport, 20,
     false},
    {"S7", Level::Full, "No unique or weak C++ symbol is shared with the rest of the process.",
     "Link with -static-libstdc++ and the version script; they become local.", noSharedCxx, 20,
     false},
    {"S8", Level::Full,
     "No text relocations, no executable stack, RELRO and BIND_NOW, no run path outside $ORIGIN.",
     "Link with -fPIC -Wl,-z,relro,-z,now,-z,noexecstack and without -rpath.", hardened, 20, false},
    {"S9", Level::Full, "The library does not need static TLS, whose space is small and shared.",
     "Build with -fPIC and without -ftls-model=initial-exec.", noStaticTls, 20, false},
    {"S10", Level::Full, "Only the C library is needed, in a version that this host has.",
     "Link other libraries statically; build on the oldest distribution you support.",
     neededLibraries, 20, false},
    {"S11", Level::Full, "Every undefined symbol is offered by a library it names.",
     "Link with -Wl,-z,defs, which reports them at build time.", resolvable, 20, false},
    {"S12", Level::Full, "No network, process or debugging function is imported.",
     "Use junctor.http/1 instead of sockets; connectors start no processes.", imports, 20, false},
    {"S13", Level::Full,
     "A library built with Go says so, since it cannot run in the host's process.",
     "Put \"runtime\": \"go\" into the manifest.", goDeclared, 20, false},
    {"S14", Level::Full,
     "Its bundle is whole: hashes and signature fit, no file is a stray; a bare library can be "
     "packed.",
     "Pack again with `junctor connector pack`; the message names the file.", bundleWhole, 20,
     false},
    {"S15", Level::Full, "Every JSON Schema in the manifest compiles.",
     "The message names the schema and the place in it.", schemasCompile, 20, false},
    {"S16", Level::Full,
     "Default mappings (mappings/*.json) are sound, prove it, and need no field that nobody has "
     "seen.",
     "Correct the path that the message names, or add a sample; `junctor mapping check` says more.",
     mappingsPoint, 20, false},
    {"S17", Level::Full,
     "The hosts it asks for are legal: no bare wildcard, no address, no private name.",
     "Name exact hosts, one leading `*.`, or a {setting} as one label.", hostsLegal, 20, false},
};

}  // namespace

std::span<const Check> staticChecks() {
  return kStaticChecks;
}

}  // namespace junctor::conformance
