#pragma once
// The entry of a built connector, from a copy of its own: two hosts in one process never share the
// variables of one library.
#include <dlfcn.h>
#include <junctor/plugin.h>
#include <catch2/catch.hpp>

#include <string>

#include "base/files.h"
#include "support/temp_folder.h"

namespace junctor::testing {

inline const jn_plugin* entryOf(const std::string& library) {
  static const TempFolder folder;
  static int copies = 0;
  const std::string copy = folder.path() + "/" + std::to_string(++copies) + ".so";
  REQUIRE(replaceFile(copy, readFile(library).value(), 0700));
  void* handle = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
  REQUIRE(handle);
  const auto entry =
      reinterpret_cast<const jn_plugin* (*)(uint32_t)>(dlsym(handle, "junctor_plugin_v1"));
  REQUIRE(entry);
  return entry(JN_ABI_MINOR);
}

}  // namespace junctor::testing
