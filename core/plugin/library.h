#pragma once
// Library: a connector's .so in this process, checked against its manifest and opened.
#include <junctor/junctor.h>

#include <string>

#include "base/result.h"
#include "plugin/connector.h"

namespace junctor::plugin {

// The tables of the interfaces that the manifest names; null for the others. What a table holds
// beyond its first release is there only if JN_HAS says so.
struct Library {
  const jn_plugin* plugin = nullptr;
  const jn_connector* connector = nullptr;  // never null
  const jn_webhook* webhook = nullptr;
  const jn_actions* actions = nullptr;
  const jn_fields* fields = nullptr;
  const jn_hooks* hooks = nullptr;
  const jn_poll* poll = nullptr;
  const jn_oauth* oauth = nullptr;
};

// Loads `path` (RTLD_NOW | RTLD_LOCAL) and opens it, or returns the library that is open already:
// a library is opened once per process and never closed, since code of it may be anywhere (thread
// exits, static destructors). Runs code of the file: read its manifest first. Thread-safe.
// InvalidArgument: not what the manifest says; Unimplemented: needs a newer host.
Result<const Library*> loadLibrary(const std::string& path, const Manifest& manifest);

}  // namespace junctor::plugin
