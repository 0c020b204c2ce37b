#pragma once

namespace junctor::app {

inline constexpr const char* kVersion = "0.1.0";  // the same as project() in CMakeLists.txt

}  // namespace junctor::app
