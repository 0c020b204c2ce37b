#pragma once
// Places in a JSON body that a signature scheme names. Private to the room.
#include <string_view>
#include <vector>

#include "base/json_doc.h"

namespace junctor::crypto {

// The values at a JSON pointer in which `*` stands for every element of a list. What is not there
// is an invalid view among them.
std::vector<JsonView> valuesAt(JsonView root, std::string_view pointer);

}  // namespace junctor::crypto
