#include "vault/key_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/files.h"
#include "base/limits.h"

namespace junctor::vault {
namespace {

// A credential's group bits are the mask of the list that lets the service's user in, so only the
// others' bits mean something there; systemd keeps the folder shut to everybody else.
Result<void> checkMode(const KeyPlace& place) {
  struct stat info{};
  if (::stat(place.path.c_str(), &info) != 0) {
    const std::string text = place.path + ": " + std::generic_category().message(errno);
    return errno == ENOENT ? notFound(text) : makeError(ErrorCode::PermissionDenied, text);
  }
  if (!S_ISREG(info.st_mode)) return invalidArgument(place.path + " is not a file");
  const mode_t closed = place.credential ? S_IRWXO : S_IRWXG | S_IRWXO;
  if ((info.st_mode & closed) == 0) return {};
  return makeError(ErrorCode::PermissionDenied, place.path +
                                                    " holds the vault's key and is open to others: "
                                                    "chmod 600 " +
                                                    place.path);
}

}  // namespace

Result<KeyRing> KeyFile::load() const {
  JUNCTOR_CHECK(checkMode(place_));
  JUNCTOR_TRY(std::string text, readFile(place_.path, limits::kKeyFileBytesMax));
  const crypto::WipeAtEnd wiped(text);
  auto ring = KeyRing::parse(text);
  if (!ring) return makeError(ring.error().code, place_.path + ": " + ring.error().message);
  return ring;
}

Result<void> KeyFile::save(const KeyRing& ring) const {
  if (place_.credential) {
    return makeError(ErrorCode::PermissionDenied,
                     place_.path + " is a credential of the service manager: change it there");
  }
  std::string text = ring.text();
  const crypto::WipeAtEnd wiped(text);
  JUNCTOR_CHECK(replaceFile(place_.path, text, 0600));
  return syncFolderOf(place_.path);
}

}  // namespace junctor::vault
