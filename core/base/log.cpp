#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "base/clock.h"
#include "base/json_writer.h"

namespace junctor::log {
namespace {

std::atomic<Level> g_level{Level::Info};
std::atomic<Format> g_format{Format::Text};

std::function<void(Level, std::string_view)>& redirection() {
  static auto* const sink = new std::function<void(Level, std::string_view)>;
  return *sink;
}

spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = spdlog::stderr_logger_mt("junctor");
    made->set_pattern("%v");
    made->set_level(spdlog::level::debug);
    return made;
  }();
  return *logger;
}

std::string_view nameOf(Level level) {
  switch (level) {
    case Level::Debug: return "debug";
    case Level::Info: return "info";
    case Level::Warn: return "warn";
    case Level::Error: return "error";
  }
  return "error";
}

spdlog::level::level_enum spdlogLevel(Level level) {
  switch (level) {
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warn: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string jsonLine(Level level, std::string_view room, Fields fields, std::string_view text) {
  JsonWriter out;
  out.beginObject();
  out.key("ts").string(formatRfc3339(systemClock().unixMs()));
  out.key("level").string(nameOf(level));
  out.key("room").string(room);
  out.key("msg").string(text);
  for (const auto& [name, value] : fields) out.key(name).string(value);
  out.endObject();
  return std::move(out).take();
}

// Control characters would let event data forge log lines.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string textLine(Level level, std::string_view room, Fields fields, std::string_view text) {
  std::string line = fmt::format("{} {:5} {}: {}", formatRfc3339(systemClock().unixMs()),
                                 nameOf(level), room, printable(text));
  for (const auto& [name, value] : fields) line += fmt::format(" {}={}", name, printable(value));
  return line;
}

}  // namespace

void configure(Level level, Format format) {
  g_level = level;
  g_format = format;
  sink().flush_on(spdlog::level::warn);
}

void redirect(std::function<void(Level, std::string_view)> sink) {
  redirection() = std::move(sink);
}

bool enabled(Level level) { return level >= g_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view room, Fields fields, std::string_view text) {
  if (!enabled(level)) return;
  if (redirection()) return redirection()(level, text);
  const bool json = g_format.load(std::memory_order_relaxed) == Format::Json;
  sink().log(spdlogLevel(level), "{}",
             json ? jsonLine(level, room, fields, text) : textLine(level, room, fields, text));
}

}  // namespace junctor::log
