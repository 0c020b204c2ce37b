#pragma once
// From a configured secret to key bytes. Private to the room.
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/signature.h"

namespace junctor::crypto {

// InvalidArgument if the secret does not have that form or is empty; the message never quotes it.
Result<std::string> decodeSecret(KeyForm form, std::string_view secret);

}  // namespace junctor::crypto
