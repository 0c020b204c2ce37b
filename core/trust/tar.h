#pragma once
// The container of a bundle: an uncompressed ustar archive in exactly one form, so that equal files
// make equal bytes and nothing hides between them. Plain files only, mode 0644, owner and time 0,
// no extensions, two zero blocks at the end and nothing after. Any tar program lists it.
// The form is checked by writing each header again and comparing: no option of the format that we
// do not write ourselves is ever interpreted. Private to the room.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace junctor::trust {

struct BundleFile {
  std::string name;
  std::string bytes;
};

// "connector.so", "fixtures/http/list.json": letters, digits and "._-", no part begins with '.'.
bool cleanFileName(std::string_view name);

// Names must be clean and at most limits::kBundleNameBytesMax long.
std::string writeTar(const std::vector<BundleFile>& files);
// InvalidArgument says what is wrong, with the name of the file.
Result<std::vector<BundleFile>> readTar(std::string_view bytes);

}  // namespace junctor::trust
