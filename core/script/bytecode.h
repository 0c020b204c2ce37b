#pragma once
// What the compiler made of a script: which lines hold code and which globals it names. Read from
// our own lua_dump of a chunk that we compiled; never from anything a user sent.
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "script/lua_api.h"

namespace junctor::script {

struct GlobalUse {
  std::string name;
  int line = 0;
  bool write = false;
};

struct ChunkFacts {
  std::set<int> lines;  // of statements, nested functions included
  std::vector<GlobalUse> globals;
};

// Of the function on top of the stack. None if the dump is not Lua 5.4's.
std::optional<ChunkFacts> inspectChunk(lua_State* L);

}  // namespace junctor::script
