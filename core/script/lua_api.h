#pragma once
// Lua 5.4 as Debian builds it for C++: errors are thrown, so destructors run. Only this room
// includes it.
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
