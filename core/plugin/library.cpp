#include "plugin/library.h"

#include <dlfcn.h>
#include <fmt/core.h>
#include <unwind.h>

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "plugin/call_context.h"
#include "plugin/host_services.h"

namespace junctor::plugin {
namespace {

constexpr uint32_t kFlagsMustUnderstand = 0xff000000;

// The host as one library sees it. Lives as long as the process, as the library does.
struct HostFace {
  jn_host table{};
  std::string connector;
};

// Everything opened so far, by the address of the library's own table.
struct Opened {
  std::mutex mutex;
  std::map<const jn_plugin*, std::unique_ptr<Library>> libraries;
  std::vector<std::unique_ptr<HostFace>> faces;  // also those of refused libraries
};
Opened& opened() {
  static auto* const kOpened = new Opened;  // outlives static destructors
  return *kOpened;
}

const void* hostInterfaceFor(const jn_host*, const char* id) {
  return id ? hostInterface(id) : nullptr;
}

void hostLog(const jn_host* host, uint32_t level, const char* msg, size_t len) {
  if (!host || (level < JN_LOG_ERROR && !logService().enabled(level))) return;
  const auto* face = static_cast<const HostFace*>(host->ctx);
  const auto severity = level < JN_LOG_WARN    ? log::Level::Info
                        : level == JN_LOG_WARN ? log::Level::Warn
                                               : log::Level::Error;
  log::write(severity, "connector", {{"connector", face->connector}},
             oneLine(textOf({msg, len}), limits::kConnectorLogBytesMax));
}

// The caller holds the lock.
const jn_host* makeHost(const std::string& connector) {
  HostFace& face = *opened().faces.emplace_back(std::make_unique<HostFace>());
  face.connector = connector;
  face.table = {sizeof(jn_host), JN_ABI_MAJOR, JN_ABI_MINOR, 0, &face, hostInterfaceFor, hostLog};
  return &face.table;
}

Result<void> checkVersions(const Manifest& manifest) {
  if (manifest.abi_major != JN_ABI_MAJOR) {
    return makeError(
        ErrorCode::Unimplemented,
        fmt::format("speaks ABI major {}, this host speaks {}", manifest.abi_major, JN_ABI_MAJOR));
  }
  if (manifest.abi_min_minor > JN_ABI_MINOR) {
    return makeError(ErrorCode::Unimplemented,
                     fmt::format("needs ABI {}.{}, this host has {}.{}", manifest.abi_major,
                                 manifest.abi_min_minor, JN_ABI_MAJOR, JN_ABI_MINOR));
  }
  return {};
}

// A connector brings its own unwinder. Should it throw at us all the same, frames of the host are
// unwound with the host's, which must have been set up by then: one walk of the stack does it.
void prepareUnwinder() {
  _Unwind_Backtrace([](_Unwind_Context*, void*) { return _URC_NO_REASON; }, nullptr);
}

Result<const jn_plugin*> enter(const std::string& path) {
  prepareUnwinder();
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char* cause = dlerror();
    return invalidArgument(fmt::format("cannot be loaded: {}", cause ? cause : "unknown cause"));
  }
  auto* entry = reinterpret_cast<decltype(&junctor_plugin_v1)>(dlsym(handle, "junctor_plugin_v1"));
  if (!entry) return invalidArgument("does not export junctor_plugin_v1");
  const jn_plugin* plugin = entry(JN_ABI_MINOR);
  if (!plugin) return makeError(ErrorCode::Unimplemented, "refuses this host");
  return plugin;
}

Result<void> checkTable(const jn_plugin& plugin, const Manifest& manifest) {
  if (plugin.struct_size < kFirstSize<jn_plugin>)
    return invalidArgument("has too small a jn_plugin");
  if (plugin.abi_major != JN_ABI_MAJOR || plugin.abi_minor > JN_ABI_MINOR) {
    return makeError(ErrorCode::Unimplemented,
                     fmt::format("its code speaks ABI {}.{}, this host {}.{}", plugin.abi_major,
                                 plugin.abi_minor, JN_ABI_MAJOR, JN_ABI_MINOR));
  }
  if (plugin.flags & kFlagsMustUnderstand) {
    return makeError(ErrorCode::Unimplemented, "uses flags this host does not know");
  }
  if (textOf(plugin.id) != manifest.id) {
    return invalidArgument(fmt::format("its code says id \"{}\", its manifest \"{}\"",
                                       oneLine(textOf(plugin.id), 64), manifest.id));
  }
  if (textOf(plugin.version) != manifest.version) {
    return invalidArgument(fmt::format("its code says version \"{}\", its manifest \"{}\"",
                                       oneLine(textOf(plugin.version), 64), manifest.version));
  }
  if (!plugin.open || !plugin.get_interface) return invalidArgument("has no open or get_interface");
  return {};
}

// The table of an interface that the manifest names; else stays null.
template <class Table>
Result<void> fetch(const jn_plugin& plugin, const Manifest& manifest, const char* id,
                   const Table*& out) {
  if (!manifest.offers(id)) return {};
  const auto* table = static_cast<const Table*>(plugin.get_interface(&plugin, id));
  if (!table) return invalidArgument(fmt::format("does not offer {}", id));
  if (table->struct_size < kFirstSize<Table>) {
    return invalidArgument(fmt::format("has too small a table for {}", id));
  }
  out = table;
  return {};
}

// Functions that may not be NULL.
Result<void> checkFunctions(const Library& library, const Manifest& manifest) {
  const auto missing = [](const char* what) {
    return invalidArgument(fmt::format("has no {}", what));
  };
  if (!library.connector) return invalidArgument("its manifest does not name " JN_CONNECTOR_ID);
  if (!library.connector->create || !library.connector->destroy) {
    return missing("create or destroy");
  }
  if (library.webhook && !library.webhook->handle) return missing("handle");
  if (manifest.signature_custom && !JN_HAS(jn_webhook, library.webhook, verify)) {
    return missing("verify, though its manifest says \"custom\"");
  }
  if (library.actions && !library.actions->execute) return missing("execute");
  if (library.fields && !library.fields->list) return missing("list of fields");
  const jn_hooks* hooks = library.hooks;
  if (hooks && (!hooks->subscribe || !hooks->unsubscribe || !hooks->list)) {
    return missing("subscribe, unsubscribe or list of hooks");
  }
  if (library.poll && !library.poll->poll) return missing("poll");
  return {};
}

Result<std::unique_ptr<Library>> openPlugin(const jn_plugin& plugin, const Manifest& manifest) {
  if (const jn_status status = plugin.open(&plugin, makeHost(manifest.id)); status != JN_OK) {
    return makeError(errorCodeOf(status), fmt::format("its open failed with status {}", status));
  }
  auto library = std::make_unique<Library>();
  library->plugin = &plugin;
  JUNCTOR_CHECK(fetch(plugin, manifest, JN_CONNECTOR_ID, library->connector));
  JUNCTOR_CHECK(fetch(plugin, manifest, JN_WEBHOOK_ID, library->webhook));
  JUNCTOR_CHECK(fetch(plugin, manifest, JN_ACTIONS_ID, library->actions));
  JUNCTOR_CHECK(fetch(plugin, manifest, JN_FIELDS_ID, library->fields));
  JUNCTOR_CHECK(fetch(plugin, manifest, JN_HOOKS_ID, library->hooks));
  JUNCTOR_CHECK(fetch(plugin, manifest, JN_POLL_ID, library->poll));
  JUNCTOR_CHECK(fetch(plugin, manifest, JN_OAUTH_ID, library->oauth));
  for (const std::string& id : manifest.interfaces) {  // also those this host does not know
    if (!plugin.get_interface(&plugin, id.c_str())) {
      return invalidArgument(fmt::format("its manifest names {}, its code does not offer it", id));
    }
  }
  JUNCTOR_CHECK(checkFunctions(*library, manifest));
  return library;
}

Result<const Library*> openOnce(const std::string& path, const Manifest& manifest) {
  JUNCTOR_TRY(const jn_plugin* plugin, enter(path));
  JUNCTOR_CHECK(checkTable(*plugin, manifest));  // also tells old code under a replaced file's name
  std::lock_guard lock(opened().mutex);
  const auto found = opened().libraries.find(plugin);
  if (found != opened().libraries.end()) return found->second.get();
  JUNCTOR_TRY(auto library, openPlugin(*plugin, manifest));
  return opened().libraries.emplace(plugin, std::move(library)).first->second.get();
}

}  // namespace

Result<const Library*> loadLibrary(const std::string& path, const Manifest& manifest) {
  JUNCTOR_CHECK(checkVersions(manifest));
  try {
    return openOnce(path, manifest);
  } catch (...) {
    return internalError("threw an exception while it was opened");
  }
}

}  // namespace junctor::plugin
