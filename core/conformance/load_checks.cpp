// L: what happens when the library is loaded, entered, opened and closed.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <map>
#include <set>

#include "base/clock.h"
#include "base/files.h"
#include "conformance/check_table.h"
#include "conformance/confine.h"
#include "conformance/footprint.h"
#include "conformance/loaded.h"

namespace junctor::conformance {
namespace {

constexpr int64_t kLoadCpuMs = 100;
constexpr int64_t kLoadWallMs = 2'000;
constexpr uint32_t kFarMinor = 1'000'000;
constexpr size_t kTableBytesMax = 64 * 1024;

const jn_plugin* enter(const Library& library, uint32_t minor) {
  const jn_plugin* plugin = nullptr;
  (void)guardThrow("junctor_plugin_v1", [&] {
    plugin = library.entry(minor);
    return JN_OK;
  });
  return plugin;
}

// Loads without opening, and runs `check`.
Outcome withLibrary(Session& session, const std::function<Outcome(const Library&)>& check) {
  auto library = loadLibrary(session.path());
  if (!library) return skip("it cannot be loaded (see L1)");
  Outcome outcome = check(*library);
  if (outcome.verdict == Verdict::Fail) return outcome;
  if (auto thrown = breachOf(Breach::Thrown)) return fail(std::move(*thrown));
  return outcome;
}

Outcome loads(Session& session) {
  const auto library = loadLibrary(session.path());
  return library ? pass() : fail(library.error().message);
}

// Processor time decides, since the machine may be busy; the wall bounds constructors that wait.
Outcome loadsFast(Session& session) {
  const int64_t wall = systemClock().monotonicNs();
  const int64_t cpu = threadCpuNs();
  const auto library = loadLibrary(session.path());
  const int64_t cpu_ms = (threadCpuNs() - cpu) / 1'000'000;
  const int64_t wall_ms = (systemClock().monotonicNs() - wall) / 1'000'000;
  if (!library) return skip("it cannot be loaded (see L1)");
  if (cpu_ms > kLoadCpuMs)
    return fail(fmt::format("loading takes {} ms of processor time", cpu_ms));
  if (wall_ms > kLoadWallMs) return fail(fmt::format("loading takes {} ms", wall_ms));
  return pass();
}

Outcome quietConstructors(Session& session) {
  if (session.declaresGo()) return skip("runtime go: its runtime starts when it is loaded");
  if (!filterCalls(Filter::Load)) return skip("this kernel has no seccomp");
  const auto library = loadLibrary(session.path());
  return library ? pass() : skip("it cannot be loaded (see L1)");
}

Outcome leavesProcessAlone(Session& session) {
  if (session.declaresGo()) return skip("runtime go: its runtime has threads and signal handlers");
  const Footprint before = Footprint::take();
  const auto changed = [&](const char* when) {
    const std::string what = Footprint::take().differenceFrom(before);
    return what.empty() ? std::string() : what + " after " + when;
  };
  auto subject = Subject::open(session);
  if (!subject) return skip("it cannot be opened: " + subject.error().message);
  if (auto what = changed("it was loaded and opened"); !what.empty()) return fail(what);
  if (jn_instance* instance = (*subject)->instance()) {
    if ((*subject)->webhook()) {
      for (const Fixture& fixture : session.fixtures().list) {
        const auto delivery = fixture.deliver();
        if (delivery) (*subject)->handle(instance, GuardedRequest(*delivery));
      }
    }
    (*subject)->destroy(instance);
  }
  (*subject)->close();
  const std::string what = changed("its fixtures were handled and it was closed");
  return what.empty() ? pass() : fail(what);
}

Outcome entryIsPure(Session& session) {
  return withLibrary(session, [](const Library& library) {
    const jn_plugin* first = enter(library, JN_ABI_MINOR);
    if (!first) return fail("the entry refuses a host of its own minor");
    return enter(library, JN_ABI_MINOR) == first ? pass() : fail("two calls give two tables");
  });
}

Outcome entryOfTheFuture(Session& session) {
  return withLibrary(session, [](const Library& library) {
    return enter(library, kFarMinor) ? pass()
                                     : fail("the entry refuses a newer host of the same major");
  });
}

Outcome refusalLeavesNoTrace(Session& session) {
  if (session.declaresGo()) return skip("runtime go: its runtime starts threads when it likes");
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  return withLibrary(session, [&](const Library& library) {
    const Footprint before = Footprint::take();
    const jn_plugin* old = enter(library, 0);
    const std::string what = Footprint::take().differenceFrom(before);
    if (!what.empty()) return fail("entering it changed " + what);
    if (old || session.manifest()->abi_min_minor > 0) return pass();
    return fail("the entry refuses minor 0, though its manifest says it needs no more");
  });
}

std::string sizeProblem(const char* what, const void* table, size_t first_release) {
  uint32_t size = 0;
  if (!copyFrom(table, sizeof size, &size)) return fmt::format("{} cannot be read", what);
  if (size < first_release) {
    return fmt::format("{} has struct_size {}, less than {}", what, size, first_release);
  }
  if (size > kTableBytesMax || size % 8 != 0) {
    return fmt::format("{} has struct_size {}, which cannot be", what, size);
  }
  return {};
}

Outcome tableSane(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  return withLibrary(session, [&](const Library& library) {
    const jn_plugin* plugin = enter(library, JN_ABI_MINOR);
    if (!plugin) return fail("the entry refuses this host");
    if (auto what = sizeProblem("jn_plugin", plugin, sizeof(jn_plugin)); !what.empty()) {
      return fail(what);
    }
    const plugin::Manifest& manifest = *session.manifest();
    if (plugin->abi_major != manifest.abi_major || plugin->abi_major != JN_ABI_MAJOR) {
      return fail(fmt::format("abi_major is {} in the code, {} in the manifest", plugin->abi_major,
                              manifest.abi_major));
    }
    if (plugin->abi_minor > manifest.abi_min_minor) {
      return fail(fmt::format("the code needs minor {}, the manifest promises {}",
                              plugin->abi_minor, manifest.abi_min_minor));
    }
    if (!plugin->open || !plugin->get_interface) return fail("open or get_interface is NULL");
    const std::string id = textFrom(plugin->id, "the id");
    const std::string version = textFrom(plugin->version, "the version");
    if (id != manifest.id) {
      return fail(fmt::format("the code says id '{}', the manifest '{}'", id, manifest.id));
    }
    if (version != manifest.version) {
      return fail(
          fmt::format("the code says version '{}', the manifest '{}'", version, manifest.version));
    }
    return pass();
  });
}

// Opens with that host and, if it opens, makes an instance and handles the fixtures.
Outcome livesWith(Session& session, const HostShape& shape, const char* host) {
  auto subject = Subject::open(session, shape);
  if (!subject) return pass(fmt::format("refuses {}: {}", host, subject.error().message));
  if (jn_instance* instance = (*subject)->instance()) {
    if ((*subject)->webhook()) {
      for (const Fixture& fixture : session.fixtures().list) {
        const auto delivery = fixture.deliver();
        if (delivery) (*subject)->handle(instance, GuardedRequest(*delivery));
      }
    }
    (*subject)->destroy(instance);
  }
  (*subject)->close();
  if (auto thrown = breachOf(Breach::Thrown)) return fail(std::move(*thrown));
  return pass();
}

Outcome leastHost(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  HostShape shape;
  shape.abi_minor = session.manifest()->abi_min_minor;
  auto subject = Subject::open(session, shape);
  if (subject) return pass();
  return fail(fmt::format("does not open with a host of minor {}, which its manifest promises: {}",
                          shape.abi_minor, subject.error().message));
}

Outcome bareHost(Session& session) {
  HostShape shape;
  shape.bare = true;
  const Outcome all = livesWith(session, shape, "a host without interfaces");
  if (all.verdict != Verdict::Pass) return all;
  for (const std::string& id : Probe::interfaceIds()) {
    shape.bare = false;
    shape.missing = {id};
    const Outcome one = livesWith(session, shape, "a host without one interface");
    if (one.verdict != Verdict::Pass) return fail("without " + id + ": " + one.message);
  }
  return all;
}

Outcome unknownInterfaces(Session& session) {
  return withSubject(session, [](Subject& subject) {
    for (const char* id : {"", "junctor", "junctor.webhook", "junctor.webhook/",
                           "junctor.webhook/1x", "junctor.webhook/11", "junctor.webhook/2",
                           "JUNCTOR.WEBHOOK/1", "junctor.connector/1 ", "com.example.unknown/1"}) {
      if (subject.interfaceOf(id)) return fail(fmt::format("offers something for \"{}\"", id));
    }
    return pass();
  });
}

constexpr const char* kPluginInterfaces[] = {JN_CONNECTOR_ID, JN_WEBHOOK_ID, JN_ACTIONS_ID,
                                             JN_FIELDS_ID,    JN_HOOKS_ID,   JN_POLL_ID,
                                             JN_OAUTH_ID};

Outcome samePointers(Session& session) {
  return withSubject(session, [](Subject& subject) {
    for (const char* id : kPluginInterfaces) {
      // A copy at another address: the text counts, not the pointer.
      const std::string copy = id;
      if (subject.interfaceOf(id) != subject.interfaceOf(copy.c_str())) {
        return fail(fmt::format("gives two tables for {}", id));
      }
    }
    return pass();
  });
}

Outcome interfacesAsDeclared(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  const auto& declared = session.manifest()->interfaces;
  return withSubject(session, [&](Subject& subject) {
    for (const std::string& id : declared) {
      const void* table = subject.interfaceOf(id.c_str());
      if (!table) return fail("the manifest names " + id + ", the code does not offer it");
      if (auto what = sizeProblem(id.c_str(), table, 16); !what.empty()) return fail(what);
    }
    for (const char* id : kPluginInterfaces) {
      const bool named = std::find(declared.begin(), declared.end(), id) != declared.end();
      if (!named && subject.interfaceOf(id)) {
        return fail(fmt::format("the code offers {}, the manifest does not name it", id));
      }
    }
    return pass();
  });
}

Outcome openFailsCleanly(Session& session) {
  return withLibrary(session, [&](const Library& library) {
    const jn_plugin* plugin = enter(library, JN_ABI_MINOR);
    if (!plugin || !plugin->open) return skip("there is nothing to open (see L8)");
    HostShape shape;
    shape.bare = true;
    const Probe bare(shape);
    const Footprint before = Footprint::take();
    const jn_status refused = guardThrow("open", [&] { return plugin->open(plugin, bare.host()); });
    if (refused > 0 || !knownStatus(refused)) return fail("open answers " + statusText(refused));
    if (plugin->close) {
      (void)guardThrow("close", [&] {
        plugin->close(plugin);
        return JN_OK;
      });
    }
    const std::string what = Footprint::take().differenceFrom(before);
    if (!what.empty()) return fail("a failed open leaves behind " + what);
    const Probe good;
    const jn_status opened = guardThrow("open", [&] { return plugin->open(plugin, good.host()); });
    return opened == JN_OK ? pass(refused == JN_OK ? "opens without any interface" : "")
                           : fail("cannot be opened after a failed attempt: " + statusText(opened));
  });
}

Outcome opensManyTimes(Session& session) {
  constexpr int kTimes = 100;
  constexpr int64_t kGrowthKiB = 512;
  return withLibrary(session, [&](const Library& library) {
    const jn_plugin* plugin = enter(library, JN_ABI_MINOR);
    if (!plugin || !plugin->open) return skip("there is nothing to open (see L8)");
    const Probe probe;
    Footprint before;
    int64_t memory = 0;
    for (int i = 0; i < kTimes; ++i) {
      if (i == kTimes / 5) {  // by then everything that is made once has been made
        before = Footprint::take();
        memory = residentKiB();
      }
      const jn_status opened =
          guardThrow("open", [&] { return plugin->open(plugin, probe.host()); });
      if (opened != JN_OK) {
        return fail(fmt::format("open number {} answers {}", i + 1, statusText(opened)));
      }
      if (!plugin->close) return skip("it has no close");
      (void)guardThrow("close", [&] {
        plugin->close(plugin);
        return JN_OK;
      });
    }
    const std::string what = Footprint::take().differenceFrom(before);
    if (!what.empty()) return fail(fmt::format("{} after {} opens", what, kTimes));
    const int64_t grown = residentKiB() - memory;
    if (grown > kGrowthKiB) return fail(fmt::format("{} KiB more after {} opens", grown, kTimes));
    return pass();
  });
}

Outcome unloads(Session& session) {
  auto subject = Subject::open(session);
  if (!subject) return skip("it cannot be opened: " + subject.error().message);
  (*subject)->close();
  bool mapped = false;
  const int result = unload((*subject)->library(), session.path(), &mapped);
  if (result != 0) return pass("dlclose refuses; the host never unloads");
  return pass(mapped ? "stays mapped (thread-local destructors or a reference of its own)"
                     : "is unmapped");
}

constexpr Check kLoadChecks[] = {
    {"L1", Level::Basic, "The library loads with RTLD_NOW and RTLD_LOCAL.",
     "The message is the loader's; see S10 and S11.", loads},
    {"L2", Level::Full, "Loading takes less than 100 ms of processor time.",
     "Move work from static constructors into create.", loadsFast},
    {"L3", Level::Full,
     "Constructors make no forbidden system call: no output, threads, handlers, waiting, sockets.",
     "Nobody has agreed to anything yet when a constructor runs: do it in open or create.",
     quietConstructors, 20, true, true},
    {"L4", Level::Basic,
     "Loading, opening and handling leave no thread, descriptor, signal handler, locale, "
     "environment, umask or folder changed.",
     "These belong to the host's whole process; undo the change that the message names.",
     leavesProcessAlone},
    {"L5", Level::Basic, "The entry gives the same table every time.",
     "Return a pointer to one static jn_plugin.", entryIsPure},
    {"L6", Level::Basic, "A host of a far newer minor is accepted.",
     "Compare the host's minor with `<`, never with `==`.", entryOfTheFuture},
    {"L7", Level::Full, "Being entered, or refusing a host, leaves no trace.",
     "The entry has no side effects: work begins in open.", refusalLeavesNoTrace},
    {"L8", Level::Basic, "The jn_plugin table is whole, and its id and version are the manifest's.",
     "Set struct_size to sizeof(jn_plugin); take id and version from the build's definitions.",
     tableSane},
    {"L9", Level::Full, "It opens with a host of the least minor that its manifest promises.",
     "Raise abi.min_minor, or test newer functions with JN_HAS.", leastHost},
    {"L10", Level::Full, "A host without some or any interface is refused or lived with.",
     "Test what get_interface gave for NULL, in open.", bareHost},
    {"L11", Level::Basic, "An unknown interface id gives NULL.",
     "Compare the whole id, not a prefix.", unknownInterfaces},
    {"L12", Level::Basic, "The same id always gives the same table.", "Make the tables static.",
     samePointers},
    {"L13", Level::Basic, "What the manifest names is offered, and the reverse.",
     "Bring \"interfaces\" and get_interface in line.", interfacesAsDeclared},
    {"L14", Level::Full, "An open that fails is clean, and can be repeated.",
     "Give back in open what was taken, before the error is returned.", openFailsCleanly},
    {"L15", Level::Full, "It can be opened and closed 100 times without growing.",
     "Give back in close what open took.", opensManyTimes},
    {"L16", Level::Pedantic, "After close, dlclose unmaps it, or it says that it stays.",
     "A crash here means code or data was freed that something still uses.", unloads},
};

}  // namespace

std::span<const Check> loadChecks() {
  return kLoadChecks;
}

}  // namespace junctor::conformance
