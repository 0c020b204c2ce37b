#pragma once
// Reads a connector's manifest out of its ELF file without running any of it. The file is hostile
// until proven otherwise: every offset is checked against the file's size.
#include <string>

#include "base/result.h"

namespace junctor::plugin {

// The JSON text of the one note of owner "Junctor" and type 0x4A4E0001.
// NotFound: the file is not there. InvalidArgument: not a shared object of this machine, no note,
// more than one, or a damaged one; the message says which, without the path.
Result<std::string> readManifestNote(const std::string& path);

}  // namespace junctor::plugin
