# Third-party libraries, found once. Only the rooms named in core/README.md link them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Poco REQUIRED COMPONENTS Foundation Net NetSSL Util)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
find_library(JUNCTOR_JEMALLOC jemalloc REQUIRED)

# Debian ships a static Lua built as C++: lua_error then unwinds destructors, and static linking
# saves about a tenth of a rule's time (both measured).
find_library(JUNCTOR_LUA_CXX NAMES liblua5.4-c++.a REQUIRED)
find_path(JUNCTOR_LUA_INCLUDE lua.h PATH_SUFFIXES lua5.4 REQUIRED)
add_library(junctor_lua INTERFACE)
target_link_libraries(junctor_lua INTERFACE ${JUNCTOR_LUA_CXX} m ${CMAKE_DL_LIBS})
target_include_directories(junctor_lua SYSTEM INTERFACE ${JUNCTOR_LUA_INCLUDE})
