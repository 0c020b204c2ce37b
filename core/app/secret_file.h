#pragma once
// Files with private keys: nobody else may read them, and none is ever overwritten.
#include <string>
#include <string_view>

#include "base/result.h"

namespace junctor::app {

// PermissionDenied: others may read it.
Result<std::string> readSecretFile(const std::string& path);
// AlreadyExists: there is such a file. `mode` 0600 for secrets.
Result<void> createFile(const std::string& path, std::string_view content, unsigned mode);

}  // namespace junctor::app
