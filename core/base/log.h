#pragma once
// Logging façade: JSON lines or text on stderr, fields instead of string soup. spdlog stands behind
// it and in log.cpp alone (its headers cost more compile time than the rest of the file).
//   log::error("delivery", {{"tenant", t}, {"event", id}}, "attempt failed: {}", cause);
#include <fmt/core.h>

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace junctor::log {

enum class Level { Debug, Info, Warn, Error };
enum class Format { Text, Json };

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Call once at start, before other threads run. Default: Info, Text.
void configure(Level level, Format format);
bool enabled(Level level);
// Every line goes to `sink` instead of stderr, without its fields: whoever takes it elsewhere knows
// who speaks. Call once at start, as configure(); `sink` runs on the thread that writes.
void redirect(std::function<void(Level, std::string_view text)> sink);
// Thread-safe. `room` names the part that speaks; text and fields are escaped.
void write(Level level, std::string_view room, Fields fields, std::string_view text);

template <class... Args>
void debug(std::string_view room, Fields fields, fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::Debug)) {
    write(Level::Debug, room, fields, fmt::format(text, std::forward<Args>(args)...));
  }
}
template <class... Args>
void info(std::string_view room, Fields fields, fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::Info)) {
    write(Level::Info, room, fields, fmt::format(text, std::forward<Args>(args)...));
  }
}
template <class... Args>
void warn(std::string_view room, Fields fields, fmt::format_string<Args...> text, Args&&... args) {
  write(Level::Warn, room, fields, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view room, Fields fields, fmt::format_string<Args...> text, Args&&... args) {
  write(Level::Error, room, fields, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace junctor::log
